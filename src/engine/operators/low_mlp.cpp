// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <engine/operators/low_products.hpp>
#include <engine/operators/packed_layer.hpp>
#include <engine/operators/row_products.hpp>

namespace da3::engine {
namespace {

/// What lies between both layers, for the second-level cache.
constexpr std::int64_t kHiddenBytesOfTask = 640 << 10;

/// A block of rows that low_mlp_ takes through both layers.
struct MlpBlock {
  std::uint32_t* inputs;  ///< (rows, depth / factors)
  float* hidden;          ///< (rows, hidden); their factors take the place of the first of them
  kernels::InputScale* scales;
};

/// Adds the rows' feed-forward part to them. rows: up to a multiple of the register tile's there is room in
/// the block.
void feed_forward(const PackedLayer& first, const PackedLayer& second, float epsilon, float* x,
                  std::int64_t rows, const MlpBlock& block) {
  const kernels::ProductKernels& kernel = *first.kernel;
  const std::int64_t padded = (rows + kernel.rows - 1) / kernel.rows * kernel.rows;
  const auto multiply_all = [&](const PackedLayer& layer, std::uint32_t* inputs, float* out, bool gelu) {
    const std::int64_t words = layer.depth / kernel.factors;
    std::fill(inputs + rows * words, inputs + padded * words, 0U);
    const kernels::Product product{.inputs = inputs,
                                   .scales = block.scales,
                                   .weights = layer.packed,
                                   .bias = layer.bias,
                                   .depth = layer.depth,
                                   .gelu = gelu,
                                   .add = !gelu,
                                   .out = out,
                                   .out_stride = layer.outputs};
    for (std::int64_t panel = 0; panel < layer.outputs / kernel.panel; ++panel)
      kernel.multiply(product, 0, rows, panel);
  };
  kernel.put_rows({.x = x,
                   .rows = rows,
                   .depth = first.depth,
                   .normed = true,
                   .epsilon = epsilon,
                   .factors = first.factors},
                  block.inputs, block.scales);
  multiply_all(first, block.inputs, block.hidden, true);
  // In place: a row's factors lie at or before what is read, so that less memory has to stay in the cache.
  auto* const words = reinterpret_cast<std::uint32_t*>(block.hidden);
  kernel.put_rows({.x = block.hidden, .rows = rows, .depth = second.depth, .factors = second.factors}, words,
                  block.scales);
  multiply_all(second, words, x, false);
}

at::Tensor& low_mlp(at::Tensor& x, const at::Tensor& packed1, const std::optional<at::Tensor>& bias1,
                    const at::Tensor& packed2, const std::optional<at::Tensor>& bias2, std::int64_t kind,
                    double norm, const std::optional<at::Tensor>& factors1,
                    const std::optional<at::Tensor>& factors2) {
  TORCH_CHECK(is_rows(x), "x: expected contiguous float32 on the CPU, got ", x.toString(), " ", x.sizes());
  const PackedLayer first = layer_of(packed1, bias1, x.size(-1), kind, factors1);
  const PackedLayer second = layer_of(packed2, bias2, first.outputs, kind, factors2);
  TORCH_CHECK(second.outputs == first.depth, "packed2: expected ", first.depth, " outputs, got ",
              second.outputs);
  const kernels::ProductKernels& kernel = *first.kernel;
  const std::int64_t rows = x.numel() / first.depth;
  const std::int64_t tiles = (rows + kernel.rows - 1) / kernel.rows;
  if (rows == 0) return x;
  const std::int64_t threads = at::get_num_threads();
  const std::int64_t tile_bytes = kernel.rows * first.outputs * static_cast<std::int64_t>(sizeof(float));
  const std::int64_t most_tiles = std::clamp<std::int64_t>(kHiddenBytesOfTask / tile_bytes, 1, kTilesPerTask);
  const std::int64_t blocks = blocks_of_tiles(tiles, most_tiles);
  const std::int64_t block_rows = (tiles + blocks - 1) / blocks * kernel.rows;
  const std::int64_t input_words = block_rows * first.depth / kernel.factors;
  const at::Tensor words = at::empty({threads, input_words}, at::kInt);
  const at::Tensor hidden = at::empty({threads, block_rows * first.outputs}, at::kFloat);
  std::vector<kernels::InputScale> scales(static_cast<std::size_t>(threads * block_rows));
  float* const data = x.mutable_data_ptr<float>();
  at::parallel_for(0, blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t thread = at::get_thread_num();
    auto* const own_words =
        reinterpret_cast<std::uint32_t*>(words.mutable_data_ptr<int>()) + thread * words.size(1);
    const MlpBlock block{.inputs = own_words,
                         .hidden = hidden.mutable_data_ptr<float>() + thread * hidden.size(1),
                         .scales = scales.data() + thread * block_rows};
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t from = tiles * i / blocks * kernel.rows;
      const std::int64_t to = std::min(rows, tiles * (i + 1) / blocks * kernel.rows);
      feed_forward(first, second, static_cast<float>(norm), data + from * first.depth, to - from, block);
    }
  });
  return x;
}

}  // namespace

bool suits_low_mlp(BlockProducts products, const at::Tensor& weight) {
  // small's layers, and base's in 8 bits (docs/lab/linear-layers.md)
  constexpr std::int64_t kMostBytes = 3 << 20;
  const kernels::ProductKernels* kernel = kernels_of(products);
  return kernel != nullptr && weight.numel() / kernel->factors * 4 <= kMostBytes;
}

}  // namespace da3::engine

TORCH_LIBRARY_FRAGMENT(da3, m) {
  m.def(
      "low_mlp_(Tensor(a!) x, Tensor packed1, Tensor? bias1, Tensor packed2, Tensor? bias2, int kind, float "
      "norm, Tensor? factors1=None, Tensor? factors2=None) -> Tensor(a!)");
}

TORCH_LIBRARY_IMPL(da3, CPU, m) {
  m.impl("low_mlp_", &da3::engine::low_mlp);
}
