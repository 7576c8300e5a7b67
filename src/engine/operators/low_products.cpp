// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <engine/kernels/kernels.hpp>
#include <engine/operators/low_products.hpp>
#include <engine/operators/own_operators.hpp>

namespace da3::engine {
namespace {

/// Register tiles of rows that meet all panels of weights: their inputs and results stay in the second-level
/// cache, and a panel is read for enough of them.
constexpr std::int64_t kTilesPerTask = 4;
constexpr std::int64_t kHiddenBytesOfTask = 640
                                            << 10;  ///< Between the layers of low_mlp_, for the same cache
constexpr std::int64_t kRowsPerTask = 16;
constexpr std::int64_t kDeepest = 32768;  ///< Sums of 255 * 127 stay within 31 bits

const kernels::ProductKernels* kernels_of(BlockProducts products) {
  switch (products) {
    case BlockProducts::kBf16:
      return kernels::bf16_products();
    case BlockProducts::kInt8:
      return kernels::int8_products();
    case BlockProducts::kInt16:
      return kernels::int16_products();
    case BlockProducts::kFloat:
      break;
  }
  return nullptr;
}

const kernels::ProductKernels& kernels_of_kind(std::int64_t kind) {
  const kernels::ProductKernels* const found = kernels_of(static_cast<BlockProducts>(kind));
  TORCH_CHECK(found != nullptr, "da3 has no products of kind ", kind, " for this processor");
  return *found;
}

bool is_rows(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.dim() > 0 && x.is_contiguous();
}

/// What a layer's weights are, checked.
struct PackedLayer {
  const kernels::ProductKernels* kernel;
  const std::uint32_t* packed;
  const float* bias;
  std::int64_t depth;
  std::int64_t outputs;
};

PackedLayer layer_of(const at::Tensor& packed, const std::optional<at::Tensor>& bias, std::int64_t depth,
                     std::int64_t kind) {
  const kernels::ProductKernels& kernel = kernels_of_kind(kind);
  TORCH_CHECK(packed.dim() == 2, "packed: expected two dimensions, got ", packed.sizes());
  const std::int64_t outputs = packed.size(0) * kernel.panel;
  const bool packed_fits = packed.is_contiguous() && packed.scalar_type() == at::kInt && depth > 0 &&
                           depth % kernels::kProductDepth == 0 &&
                           packed.numel() == kernel.packed_words(outputs, depth);
  TORCH_CHECK(packed_fits, "packed: not from a weight (N, ", depth, ")");
  TORCH_CHECK(!bias || (is_rows(*bias) && bias->numel() == outputs), "bias: expected (", outputs, "), got ",
              bias->sizes());
  return {&kernel, reinterpret_cast<const std::uint32_t*>(packed.const_data_ptr<int>()),
          bias ? bias->const_data_ptr<float>() : nullptr, depth, outputs};
}

/// Rows and units of panels of a result.
struct Part {
  std::int64_t first_row;
  std::int64_t last_row;
  std::int64_t first_unit;
  std::int64_t last_unit;
};

/// A layer's product over that many rows, into out or added to it. put_row(row, to) rounds a row of inputs to
/// `to` and returns its scale; finish(part) is called when a part is there, of whole units of so many panels.
/// Both are called from several threads.
template <typename PutRow, typename Finish>
void multiply(const PackedLayer& layer, std::int64_t rows, bool gelu, bool add, at::Tensor& out,
              PutRow&& put_row, std::int64_t unit, Finish&& finish) {
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
    for (std::int64_t row = begin; row < end; ++row)
      scales[static_cast<std::size_t>(row)] = put_row(row, input_words + row * words);
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
      const Part part{first, last, units * group / groups, units * (group + 1) / groups};
      for (std::int64_t panel = part.first_unit * unit; panel < part.last_unit * unit; ++panel)
        kernel.multiply(product, first, last, panel);
      finish(part);
    }
  });
}

template <typename PutRow>
void multiply(const PackedLayer& layer, std::int64_t rows, bool gelu, bool add, at::Tensor& out,
              PutRow&& put_row) {
  multiply(layer, rows, gelu, add, out, put_row, 1, [](const Part&) {});
}

/// Puts the rows of x, or their norms with that epsilon.
auto rows_of(const PackedLayer& layer, const at::Tensor& x, std::optional<double> epsilon) {
  const float* const from = x.const_data_ptr<float>();
  return [&layer, from, epsilon](std::int64_t row, std::uint32_t* to) {
    const float* const here = from + row * layer.depth;
    const kernels::RowNorm norm =
        epsilon ? layer.kernel->norm_of_row(here, layer.depth, static_cast<float>(*epsilon))
                : kernels::RowNorm{};
    return layer.kernel->put_row(here, layer.depth, norm, to);
  };
}

/// The product of the rows of x, or of their norms with that epsilon.
void multiply_rows(const PackedLayer& layer, const at::Tensor& x, bool gelu, bool add,
                   std::optional<double> epsilon, at::Tensor& out) {
  multiply(layer, x.numel() / layer.depth, gelu, add, out, rows_of(layer, x, epsilon));
}

at::Tensor product(const at::Tensor& x, const at::Tensor& packed, const std::optional<at::Tensor>& bias,
                   std::int64_t kind, bool gelu, std::optional<double> epsilon) {
  TORCH_CHECK(is_rows(x), "x: expected contiguous float32 on the CPU, got ", x.toString(), " ", x.sizes());
  const PackedLayer layer = layer_of(packed, bias, x.size(-1), kind);
  std::vector<std::int64_t> sizes = x.sizes().vec();
  sizes.back() = layer.outputs;
  at::Tensor out = at::empty(sizes, x.options());
  multiply_rows(layer, x, gelu, false, epsilon, out);
  return out;
}

/// Norm and rotary embedding of queries and keys, as da3::norm_rotate_ has them.
struct Rotation {
  at::Tensor q_weight;
  at::Tensor q_bias;
  at::Tensor k_weight;
  at::Tensor k_bias;
  at::Tensor cos;
  at::Tensor sin;
};

void check_rotation(const Rotation& rotation, std::int64_t tokens, std::int64_t dim) {
  for (const at::Tensor* each : {&rotation.q_weight, &rotation.q_bias, &rotation.k_weight, &rotation.k_bias})
    TORCH_CHECK(is_rows(*each) && each->numel() == dim, "norm: expected (", dim, "), got ", each->sizes());
  for (const at::Tensor* each : {&rotation.cos, &rotation.sin})
    TORCH_CHECK(is_rows(*each) && each->numel() == tokens * dim, "table: expected (", tokens, ", 1, ", dim,
                "), got ", each->sizes());
}

/// Heads [begin, end) of a token's queries and keys, which lie one behind the other.
void rotate_heads(const Rotation& rotation, std::int64_t heads, std::int64_t dim, std::int64_t begin,
                  std::int64_t end, std::int64_t token, float* row) {
  const auto rotate = [&](const at::Tensor& weight, const at::Tensor& bias, std::int64_t from,
                          std::int64_t to) {
    if (from >= to) return;
    const kernels::Heads job{.num_heads = to - from,
                             .head_dim = dim,
                             .weight = weight.const_data_ptr<float>(),
                             .bias = bias.const_data_ptr<float>(),
                             .epsilon = kHeadNormEpsilon};
    kernels::kernels()->norm_rotate(job, row + from * dim, rotation.cos.const_data_ptr<float>() + token * dim,
                                    rotation.sin.const_data_ptr<float>() + token * dim);
  };
  rotate(rotation.q_weight, rotation.q_bias, begin, std::min(end, heads));
  rotate(rotation.k_weight, rotation.k_bias, std::max(begin, heads), std::min(end, 2 * heads));
}

at::Tensor product_rotated(const at::Tensor& x, const at::Tensor& packed,
                           const std::optional<at::Tensor>& bias, std::int64_t kind, std::int64_t heads,
                           const at::Tensor& q_weight, const at::Tensor& q_bias, const at::Tensor& k_weight,
                           const at::Tensor& k_bias, const at::Tensor& cos, const at::Tensor& sin,
                           double norm) {
  TORCH_CHECK(kernels::kernels() != nullptr, "da3 has no kernels for this processor");
  TORCH_CHECK(is_rows(x) && x.dim() == 3, "x: expected contiguous float32 (B, N, C) on the CPU, got ",
              x.sizes());
  const PackedLayer layer = layer_of(packed, bias, x.size(2), kind);
  const std::int64_t dim = heads > 0 ? layer.outputs / (3 * heads) : 0;
  TORCH_CHECK(heads > 0 && layer.outputs == 3 * heads * dim && dim % kRotatedMultiple == 0 &&
                  dim % layer.kernel->panel == 0,
              "packed: expected 3 * heads * d outputs, d a multiple of ", kRotatedMultiple, ", got ",
              layer.outputs);
  const std::int64_t tokens = x.size(1);
  const Rotation rotation{q_weight, q_bias, k_weight, k_bias, cos, sin};
  check_rotation(rotation, tokens, dim);
  at::Tensor out = at::empty({x.size(0), tokens, 3, heads, dim}, x.options());
  multiply(layer, x.size(0) * tokens, false, false, out, rows_of(layer, x, norm), dim / layer.kernel->panel,
           [&](const Part& part) {
             for (std::int64_t row = part.first_row; row < part.last_row; ++row) {
               rotate_heads(rotation, heads, dim, part.first_unit, part.last_unit, row % tokens,
                            out.mutable_data_ptr<float>() + row * layer.outputs);
             }
           });
  return out;
}

at::Tensor& product_add(at::Tensor& residual, const at::Tensor& x, const at::Tensor& packed,
                        const std::optional<at::Tensor>& bias, std::int64_t kind) {
  TORCH_CHECK(is_rows(x), "x: expected contiguous float32 on the CPU, got ", x.toString(), " ", x.sizes());
  const PackedLayer layer = layer_of(packed, bias, x.size(-1), kind);
  const bool fits = is_rows(residual) && residual.size(-1) == layer.outputs &&
                    residual.numel() / layer.outputs == x.numel() / layer.depth;
  TORCH_CHECK(fits, "residual: expected contiguous float32 with a row for each of x and ", layer.outputs,
              " columns, got ", residual.sizes());
  multiply_rows(layer, x, false, true, std::nullopt, residual);
  return residual;
}

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
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* const from = x + row * first.depth;
    block.scales[row] = kernel.put_row(from, first.depth, kernel.norm_of_row(from, first.depth, epsilon),
                                       block.inputs + row * (first.depth / kernel.factors));
  }
  multiply_all(first, block.inputs, block.hidden, true);
  // In place: a row's factors lie at or before what is read, so that less memory has to stay in the cache.
  auto* const words = reinterpret_cast<std::uint32_t*>(block.hidden);
  for (std::int64_t row = 0; row < rows; ++row) {
    block.scales[row] = kernel.put_row(block.hidden + row * second.depth, second.depth, kernels::RowNorm{},
                                       words + row * (second.depth / kernel.factors));
  }
  multiply_all(second, words, x, false);
}

at::Tensor& low_mlp(at::Tensor& x, const at::Tensor& packed1, const std::optional<at::Tensor>& bias1,
                    const at::Tensor& packed2, const std::optional<at::Tensor>& bias2, std::int64_t kind,
                    double norm) {
  TORCH_CHECK(is_rows(x), "x: expected contiguous float32 on the CPU, got ", x.toString(), " ", x.sizes());
  const PackedLayer first = layer_of(packed1, bias1, x.size(-1), kind);
  const PackedLayer second = layer_of(packed2, bias2, first.outputs, kind);
  TORCH_CHECK(second.outputs == first.depth, "packed2: expected ", first.depth, " outputs, got ",
              second.outputs);
  const kernels::ProductKernels& kernel = *first.kernel;
  const std::int64_t rows = x.numel() / first.depth;
  const std::int64_t tiles = (rows + kernel.rows - 1) / kernel.rows;
  if (rows == 0) return x;
  const std::int64_t threads = at::get_num_threads();
  const std::int64_t tile_bytes = kernel.rows * first.outputs * static_cast<std::int64_t>(sizeof(float));
  const std::int64_t most_tiles = std::clamp<std::int64_t>(kHiddenBytesOfTask / tile_bytes, 1, kTilesPerTask);
  // As many for each thread, as long as there are tiles.
  const std::int64_t per_thread = (tiles + most_tiles * threads - 1) / (most_tiles * threads);
  const std::int64_t blocks = std::min(tiles, per_thread * threads);
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

/// The inputs of the 3x3 convolution's output at (y, x) of an image, (3, 3, C), zero beyond its edges.
void gather_window(const float* image, std::int64_t height, std::int64_t width, std::int64_t channels,
                   std::int64_t y, std::int64_t x, bool relu, float* window) {
  for (std::int64_t tap = 0; tap < 9; ++tap, window += channels) {
    const std::int64_t row = y + tap / 3 - 1;
    const std::int64_t column = x + tap % 3 - 1;
    if (row < 0 || row >= height || column < 0 || column >= width) {
      std::fill_n(window, channels, 0.0F);
      continue;
    }
    const float* const from = image + (row * width + column) * channels;
    for (std::int64_t i = 0; i < channels; ++i) window[i] = relu ? std::max(from[i], 0.0F) : from[i];
  }
}

bool is_map(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 4 && x.numel() > 0 &&
         x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor low_conv3(const at::Tensor& x, const at::Tensor& packed, const std::optional<at::Tensor>& bias,
                     std::int64_t kind, std::int64_t stride, bool relu,
                     const std::optional<at::Tensor>& residual) {
  TORCH_CHECK(is_map(x), "x: expected float32 (B, C, h, w) in channels_last, got ", x.sizes());
  TORCH_CHECK(stride == 1 || stride == 2, "stride: expected 1 or 2, got ", stride);
  const std::int64_t channels = x.size(1);
  const PackedLayer layer = layer_of(packed, bias, 9 * channels, kind);
  const std::int64_t height = (x.size(2) - 1) / stride + 1;
  const std::int64_t width = (x.size(3) - 1) / stride + 1;
  const std::vector<std::int64_t> sizes{x.size(0), layer.outputs, height, width};
  TORCH_CHECK(!residual || (is_map(*residual) && residual->sizes() == at::IntArrayRef(sizes)),
              "residual: expected the result's shape in channels_last, got ", residual->sizes());
  at::Tensor out = residual ? residual->clone(at::MemoryFormat::ChannelsLast)
                            : at::empty(sizes, x.options().memory_format(at::MemoryFormat::ChannelsLast));
  const at::Tensor windows = at::empty({at::get_num_threads(), layer.depth}, at::TensorOptions(at::kFloat));
  const std::int64_t pixels = height * width;
  multiply(layer, x.size(0) * pixels, false, residual.has_value(), out,
           [&](std::int64_t row, std::uint32_t* to) {
             float* const window = windows.mutable_data_ptr<float>() + at::get_thread_num() * layer.depth;
             const std::int64_t pixel = row % pixels;
             gather_window(x.const_data_ptr<float>() + row / pixels * x.stride(0), x.size(2), x.size(3),
                           channels, pixel / width * stride, pixel % width * stride, relu, window);
             return layer.kernel->put_row(window, layer.depth, kernels::RowNorm{}, to);
           });
  return out;
}

}  // namespace

bool low_products_available(BlockProducts products) {
  return kernels_of(products) != nullptr;
}

bool suits_low_products(BlockProducts products, const at::Tensor& weight) {
  const kernels::ProductKernels* kernel = kernels_of(products);
  return kernel != nullptr && weight.size(0) % kernel->panel == 0 &&
         weight.size(1) % kernels::kProductDepth == 0 && weight.size(1) <= kDeepest;
}

bool suits_low_mlp(BlockProducts products, const at::Tensor& weight) {
  constexpr std::int64_t kMostBytes =
      3 << 20;  // small's layers, and base's in 8 bits (docs/lab/linear-layers.md)
  const kernels::ProductKernels* kernel = kernels_of(products);
  return kernel != nullptr && weight.numel() / kernel->factors * 4 <= kMostBytes;
}

at::Tensor pack_low_product(BlockProducts products, const at::Tensor& weight) {
  TORCH_CHECK(weight.dim() == 2 && weight.scalar_type() == at::kFloat && suits_low_products(products, weight),
              "weight: expected float32 (N, K) that da3's products take, got ", weight.sizes());
  const kernels::ProductKernels& kernel = *kernels_of(products);
  const at::Tensor rows = weight.contiguous();
  const std::int64_t panels = weight.size(0) / kernel.panel;
  const std::int64_t depth = weight.size(1);
  at::Tensor packed =
      at::empty({panels, kernel.packed_words(kernel.panel, depth)}, rows.options().dtype(at::kInt));
  at::parallel_for(0, panels, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t panel = begin; panel < end; ++panel) {
      kernel.pack(rows.const_data_ptr<float>(), depth, panel,
                  reinterpret_cast<std::uint32_t*>(packed.mutable_data_ptr<int>()));
    }
  });
  return packed;
}

}  // namespace da3::engine

TORCH_LIBRARY_FRAGMENT(da3, m) {
  m.def(
      "product(Tensor x, Tensor packed, Tensor? bias, int kind, bool gelu=False, float? norm=None) -> "
      "Tensor");
  m.def("product_add_(Tensor(a!) residual, Tensor x, Tensor packed, Tensor? bias, int kind) -> Tensor(a!)");
  m.def(
      "product_rotated(Tensor x, Tensor packed, Tensor? bias, int kind, int heads, Tensor q_weight, Tensor "
      "q_bias, Tensor k_weight, Tensor k_bias, Tensor cos, Tensor sin, float norm) -> Tensor");
  m.def(
      "low_mlp_(Tensor(a!) x, Tensor packed1, Tensor? bias1, Tensor packed2, Tensor? bias2, int kind, float "
      "norm) -> Tensor(a!)");
  m.def(
      "low_conv3(Tensor x, Tensor packed, Tensor? bias, int kind, int stride, bool relu, Tensor? "
      "residual) -> Tensor");
}

TORCH_LIBRARY_IMPL(da3, CPU, m) {
  m.impl("product", &da3::engine::product);
  m.impl("product_add_", &da3::engine::product_add);
  m.impl("product_rotated", &da3::engine::product_rotated);
  m.impl("low_mlp_", &da3::engine::low_mlp);
  m.impl("low_conv3", &da3::engine::low_conv3);
}
