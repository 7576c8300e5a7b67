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

/// Packed weights that each thread reads for its own rows, which it has rounded itself: as many as stay in
/// the second-level cache. One of several threads then waits once for the others, not twice.
constexpr std::int64_t kMostSharedBytes = 1 << 20;

/// Blocks of at most so many tiles, as many for each thread as long as there are tiles.
inline std::int64_t blocks_of_tiles(std::int64_t tiles, std::int64_t most_tiles) {
  const std::int64_t threads = at::get_num_threads();
  const std::int64_t per_thread = (tiles + most_tiles * threads - 1) / (most_tiles * threads);
  return std::min(tiles, per_thread * threads);
}

/// Rows of a result, and units of its columns.
struct ProductPart {
  std::int64_t first_row;
  std::int64_t last_row;
  std::int64_t first_unit;
  std::int64_t last_unit;
};

/// How the columns of a result are shared out: sections of as many units, of so many panels. A part has the
/// same units of each section, so that work which only some sections bring is shared too.
struct ProductColumns {
  std::int64_t sections = 1;
  std::int64_t unit_panels = 1;
};

/// A layer's product over that many rows, into out or added to it. put_rows(begin, end, to, scales) rounds
/// these rows of inputs as ProductKernels::put_rows; finish(part) is called when a part is there. Both are
/// called from several threads.
template <typename PutRows, typename Finish>
void multiply_put_rows(const PackedLayer& layer, std::int64_t rows, bool gelu, bool add, at::Tensor& out,
                       PutRows&& put_rows, const ProductColumns& columns, Finish&& finish) {
  if (rows == 0) return;
  const kernels::ProductKernels& kernel = *layer.kernel;
  const std::int64_t words = layer.depth / kernel.factors;
  const std::int64_t tiles = (rows + kernel.rows - 1) / kernel.rows;
  at::Tensor inputs = at::empty({tiles * kernel.rows, words}, out.options().dtype(at::kInt));
  auto* const input_words = reinterpret_cast<std::uint32_t*>(inputs.mutable_data_ptr<int>());
  // The last tile's missing rows are multiplied too and thrown away.
  std::fill(input_words + rows * words, input_words + tiles * kernel.rows * words, 0U);
  std::vector<kernels::InputScale> scales(static_cast<std::size_t>(rows));
  const kernels::Product product{.inputs = input_words,
                                 .scales = scales.data(),
                                 .weights = layer.packed,
                                 .bias = layer.bias,
                                 .depth = layer.depth,
                                 .gelu = gelu,
                                 .add = add,
                                 .out = out.mutable_data_ptr<float>(),
                                 .out_stride = layer.outputs};
  const std::int64_t section = layer.outputs / kernel.panel / columns.sections;
  const std::int64_t units = section / columns.unit_panels;
  const auto multiply = [&](const ProductPart& part) {
    for (std::int64_t from = 0; from < columns.sections * section; from += section) {
      for (std::int64_t panel = part.first_unit * columns.unit_panels;
           panel < part.last_unit * columns.unit_panels; ++panel)
        kernel.multiply(product, part.first_row, part.last_row, from + panel);
    }
    finish(part);
  };
  const std::int64_t threads = at::get_num_threads();
  const std::int64_t weight_bytes = layer.outputs * words * static_cast<std::int64_t>(sizeof(std::uint32_t));
  const std::int64_t blocks = blocks_of_tiles(tiles, kTilesPerTask);
  const auto first_row = [&](std::int64_t block) {
    return std::min(rows, tiles * block / blocks * kernel.rows);
  };
  const auto put = [&](std::int64_t begin, std::int64_t end) {
    put_rows(begin, end, input_words + begin * words, scales.data() + begin);
  };
  if (weight_bytes <= kMostSharedBytes) {
    at::parallel_for(0, blocks, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t block = begin; block < end; ++block) {
        const ProductPart part{first_row(block), first_row(block + 1), 0, units};
        put(part.first_row, part.last_row);
        multiply(part);
      }
    });
    return;
  }
  at::parallel_for(0, rows, kRowsPerTask, put);
  // Each thread has its own panels, for all rows: they are read from memory once. Where they cannot be shared
  // out evenly, threads share the rows of some.
  const std::int64_t groups = units % threads == 0 ? threads : units;
  at::parallel_for(0, groups * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t group = task / blocks;
      const std::int64_t block = task % blocks;
      multiply(
          {first_row(block), first_row(block + 1), units * group / groups, units * (group + 1) / groups});
    }
  });
}

template <typename PutRows>
void multiply_put_rows(const PackedLayer& layer, std::int64_t rows, bool gelu, bool add, at::Tensor& out,
                       PutRows&& put_rows) {
  multiply_put_rows(layer, rows, gelu, add, out, put_rows, {}, [](const ProductPart&) {});
}

}  // namespace da3::engine
