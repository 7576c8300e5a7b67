// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <engine/operators/packed_layer.hpp>

// A layer's product over rows that come from anywhere.
namespace da3::engine {

/// Rows that are rounded one after the other.
constexpr std::int64_t kRowsPerTask = 16;

/// Rows and units of panels of a result.
struct ProductPart {
  std::int64_t first_row;
  std::int64_t last_row;
  std::int64_t first_unit;
  std::int64_t last_unit;
};

/// A layer's product over that many rows, into out or added to it. put_rows(begin, end, to, scales) rounds
/// these rows of inputs as ProductKernels::put_rows; finish(part) is called when a part is there, of whole
/// units of so many panels. Both are called from several threads.
template <typename PutRows, typename Finish>
void multiply_put_rows(const PackedLayer& layer, std::int64_t rows, bool gelu, bool add, at::Tensor& out,
                       PutRows&& put_rows, std::int64_t unit, Finish&& finish) {
  if (rows == 0) return;
  const kernels::ProductKernels& kernel = *layer.kernel;
  const std::int64_t words = layer.depth / kernel.factors;
  const std::int64_t tiles = (rows + kernel.rows - 1) / kernel.rows;
  at::Tensor inputs = at::empty({tiles * kernel.rows, words}, out.options().dtype(at::kInt));
  auto* const input_words = reinterpret_cast<std::uint32_t*>(inputs.mutable_data_ptr<int>());
  // The last tile's missing rows are multiplied too and thrown away.
  std::fill(input_words + rows * words, input_words + tiles * kernel.rows * words, 0U);
  std::vector<kernels::InputScale> scales(static_cast<std::size_t>(rows));
  at::parallel_for(0, rows, kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    put_rows(begin, end, input_words + begin * words, scales.data() + begin);
  });

  const kernels::Product product{.inputs = input_words,
                                 .scales = scales.data(),
                                 .weights = layer.packed,
                                 .bias = layer.bias,
                                 .depth = layer.depth,
                                 .gelu = gelu,
                                 .add = add,
                                 .out = out.mutable_data_ptr<float>(),
                                 .out_stride = layer.outputs};
  const std::int64_t blocks = (tiles + kTilesPerTask - 1) / kTilesPerTask;
  const std::int64_t units = layer.outputs / kernel.panel / unit;
  // Each thread has its own panels, for all rows: they are read from memory once.
  const std::int64_t groups = std::min<std::int64_t>(units, at::get_num_threads());
  at::parallel_for(0, groups * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t group = task / blocks;
      const std::int64_t block = task % blocks;
      const std::int64_t first = tiles * block / blocks * kernel.rows;
      const std::int64_t last = std::min(rows, tiles * (block + 1) / blocks * kernel.rows);
      const ProductPart part{first, last, units * group / groups, units * (group + 1) / groups};
      for (std::int64_t panel = part.first_unit * unit; panel < part.last_unit * unit; ++panel)
        kernel.multiply(product, first, last, panel);
      finish(part);
    }
  });
}

template <typename PutRows>
void multiply_put_rows(const PackedLayer& layer, std::int64_t rows, bool gelu, bool add, at::Tensor& out,
                       PutRows&& put_rows) {
  multiply_put_rows(layer, rows, gelu, add, out, put_rows, 1, [](const ProductPart&) {});
}

}  // namespace da3::engine
