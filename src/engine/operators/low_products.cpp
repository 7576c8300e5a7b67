// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <engine/operators/low_products.hpp>
#include <engine/operators/own_operators.hpp>
#include <engine/operators/packed_layer.hpp>
#include <engine/operators/row_products.hpp>

namespace da3::engine {
namespace {

constexpr std::int64_t kDeepest = 32768;  ///< Sums of 255 * 127 stay within 31 bits

/// Puts the rows of x, or their norms with that epsilon.
auto rows_of(const PackedLayer& layer, const at::Tensor& x, std::optional<double> epsilon) {
  const float* const from = x.const_data_ptr<float>();
  return [&layer, from, epsilon](std::int64_t begin, std::int64_t end, std::uint32_t* to,
                                 kernels::InputScale* scales) {
    layer.kernel->put_rows({.x = from + begin * layer.depth,
                            .rows = end - begin,
                            .depth = layer.depth,
                            .normed = epsilon.has_value(),
                            .epsilon = static_cast<float>(epsilon.value_or(0)),
                            .factors = layer.factors},
                           to, scales);
  };
}

/// The product of the rows of x, or of their norms with that epsilon.
void multiply_rows(const PackedLayer& layer, const at::Tensor& x, bool gelu, bool add,
                   std::optional<double> epsilon, at::Tensor& out) {
  multiply_put_rows(layer, x.numel() / layer.depth, gelu, add, out, rows_of(layer, x, epsilon));
}

at::Tensor product(const at::Tensor& x, const at::Tensor& packed, const std::optional<at::Tensor>& bias,
                   std::int64_t kind, bool gelu, std::optional<double> epsilon,
                   const std::optional<at::Tensor>& factors) {
  TORCH_CHECK(is_rows(x), "x: expected contiguous float32 on the CPU, got ", x.toString(), " ", x.sizes());
  const PackedLayer layer = layer_of(packed, bias, x.size(-1), kind, factors);
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

/// Heads [begin, end) of a token's queries, `heads` of them, and of its keys, which lie behind them.
void rotate_heads(const Rotation& rotation, std::int64_t heads, std::int64_t dim, std::int64_t begin,
                  std::int64_t end, std::int64_t token, float* row) {
  const auto rotate = [&](const at::Tensor& weight, const at::Tensor& bias, std::int64_t from) {
    const kernels::Heads job{.num_heads = end - begin,
                             .head_dim = dim,
                             .weight = weight.const_data_ptr<float>(),
                             .bias = bias.const_data_ptr<float>(),
                             .epsilon = kHeadNormEpsilon};
    kernels::kernels()->norm_rotate(job, row + from * dim, rotation.cos.const_data_ptr<float>() + token * dim,
                                    rotation.sin.const_data_ptr<float>() + token * dim);
  };
  rotate(rotation.q_weight, rotation.q_bias, begin);
  rotate(rotation.k_weight, rotation.k_bias, heads + begin);
}

at::Tensor product_rotated(const at::Tensor& x, const at::Tensor& packed,
                           const std::optional<at::Tensor>& bias, std::int64_t kind, std::int64_t heads,
                           const at::Tensor& q_weight, const at::Tensor& q_bias, const at::Tensor& k_weight,
                           const at::Tensor& k_bias, const at::Tensor& cos, const at::Tensor& sin,
                           double norm, const std::optional<at::Tensor>& factors) {
  TORCH_CHECK(kernels::kernels() != nullptr, "da3 has no kernels for this processor");
  TORCH_CHECK(is_rows(x) && x.dim() == 3, "x: expected contiguous float32 (B, N, C) on the CPU, got ",
              x.sizes());
  const PackedLayer layer = layer_of(packed, bias, x.size(2), kind, factors);
  const std::int64_t dim = heads > 0 ? layer.outputs / (3 * heads) : 0;
  TORCH_CHECK(heads > 0 && layer.outputs == 3 * heads * dim && dim % kRotatedMultiple == 0 &&
                  dim % layer.kernel->panel == 0,
              "packed: expected 3 * heads * d outputs, d a multiple of ", kRotatedMultiple, ", got ",
              layer.outputs);
  const std::int64_t tokens = x.size(1);
  const Rotation rotation{q_weight, q_bias, k_weight, k_bias, cos, sin};
  check_rotation(rotation, tokens, dim);
  at::Tensor out = at::empty({x.size(0), tokens, 3, heads, dim}, x.options());
  multiply_put_rows(layer, x.size(0) * tokens, false, false, out, rows_of(layer, x, norm),
                    {.sections = 3, .unit_panels = dim / layer.kernel->panel}, [&](const ProductPart& part) {
                      for (std::int64_t row = part.first_row; row < part.last_row; ++row) {
                        rotate_heads(rotation, heads, dim, part.first_unit, part.last_unit, row % tokens,
                                     out.mutable_data_ptr<float>() + row * layer.outputs);
                      }
                    });
  return out;
}

at::Tensor& product_add(at::Tensor& residual, const at::Tensor& x, const at::Tensor& packed,
                        const std::optional<at::Tensor>& bias, std::int64_t kind,
                        const std::optional<at::Tensor>& factors) {
  TORCH_CHECK(is_rows(x), "x: expected contiguous float32 on the CPU, got ", x.toString(), " ", x.sizes());
  const PackedLayer layer = layer_of(packed, bias, x.size(-1), kind, factors);
  const bool fits = is_rows(residual) && residual.size(-1) == layer.outputs &&
                    residual.numel() / layer.outputs == x.numel() / layer.depth;
  TORCH_CHECK(fits, "residual: expected contiguous float32 with a row for each of x and ", layer.outputs,
              " columns, got ", residual.sizes());
  multiply_rows(layer, x, false, true, std::nullopt, residual);
  return residual;
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
  multiply_put_rows(
      layer, x.size(0) * pixels, false, residual.has_value(), out,
      [&](std::int64_t begin, std::int64_t end, std::uint32_t* to, kernels::InputScale* scales) {
        float* const window = windows.mutable_data_ptr<float>() + at::get_thread_num() * layer.depth;
        for (std::int64_t row = begin; row < end; ++row, to += layer.depth / layer.kernel->factors) {
          const std::int64_t pixel = row % pixels;
          gather_window(x.const_data_ptr<float>() + row / pixels * x.stride(0), x.size(2), x.size(3),
                        channels, pixel / width * stride, pixel % width * stride, relu, window);
          layer.kernel->put_rows({.x = window, .rows = 1, .depth = layer.depth}, to, scales + (row - begin));
        }
      });
  return out;
}

}  // namespace

bool suits_low_products(BlockProducts products, const at::Tensor& weight) {
  const kernels::ProductKernels* kernel = kernels_of(products);
  return kernel != nullptr && weight.size(0) % kernel->panel == 0 &&
         weight.size(1) % kernels::kProductDepth == 0 && weight.size(1) <= kDeepest;
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
      "product(Tensor x, Tensor packed, Tensor? bias, int kind, bool gelu=False, float? norm=None, "
      "Tensor? factors=None) -> Tensor");
  m.def(
      "product_add_(Tensor(a!) residual, Tensor x, Tensor packed, Tensor? bias, int kind, "
      "Tensor? factors=None) -> Tensor(a!)");
  m.def(
      "product_rotated(Tensor x, Tensor packed, Tensor? bias, int kind, int heads, Tensor q_weight, Tensor "
      "q_bias, Tensor k_weight, Tensor k_bias, Tensor cos, Tensor sin, float norm, "
      "Tensor? factors=None) -> Tensor");
  m.def(
      "low_conv3(Tensor x, Tensor packed, Tensor? bias, int kind, int stride, bool relu, Tensor? "
      "residual) -> Tensor");
}

TORCH_LIBRARY_IMPL(da3, CPU, m) {
  m.impl("product", &da3::engine::product);
  m.impl("product_add_", &da3::engine::product_add);
  m.impl("product_rotated", &da3::engine::product_rotated);
  m.impl("low_conv3", &da3::engine::low_conv3);
}
