// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <ATen/ATen.h>
#include <torch/library.h>

#include <engine/operators/low_products.hpp>
#include <engine/operators/patch_tokens.hpp>
#include <engine/operators/row_products.hpp>

namespace da3::engine {
namespace {

constexpr std::int64_t kColours = 3;
constexpr auto kKind = static_cast<std::int64_t>(BlockProducts::kInt16);

/// Numbers of a patch with the zeros that the products want behind them.
std::int64_t padded_depth(std::int64_t patch) {
  constexpr std::int64_t kMultiple = kernels::kProductDepth;
  return (kColours * patch * patch + kMultiple - 1) / kMultiple * kMultiple;
}

at::Tensor patch_tokens(const at::Tensor& image, const at::Tensor& position, const at::Tensor& packed,
                        std::int64_t patch) {
  TORCH_CHECK(patch > 0, "patch: expected a size, got ", patch);
  TORCH_CHECK(is_rows(image) && image.dim() == 5 && image.size(2) == kColours && image.size(3) % patch == 0 &&
                  image.size(4) % patch == 0,
              "image: expected contiguous float32 (B, S, 3, H, W) with multiples of ", patch, ", got ",
              image.sizes());
  const PackedLayer layer = layer_of(packed, std::nullopt, padded_depth(patch), kKind);
  const std::int64_t width = image.size(4);
  const std::int64_t plane = image.size(3) * width;
  const std::int64_t columns = width / patch;
  const std::int64_t tokens = 1 + image.size(3) / patch * columns;
  TORCH_CHECK(is_rows(position) && position.sizes() == at::IntArrayRef({tokens, layer.outputs}),
              "position: expected (", tokens, ", ", layer.outputs, "), got ", position.sizes());
  const std::int64_t images = image.size(0) * image.size(1);
  at::Tensor out = at::empty({images, tokens, layer.outputs}, image.options());
  out.copy_(position);
  const at::Tensor patches = at::zeros({at::get_num_threads(), layer.depth}, image.options());
  const float* const pixels = image.const_data_ptr<float>();
  const auto put_patch = [&](std::int64_t row, std::uint32_t* to, kernels::InputScale* scale) {
    const std::int64_t token = row % tokens;
    if (token == 0) {
      std::fill_n(to, layer.depth / layer.kernel->factors, 0U);
      return;
    }
    float* const values = patches.mutable_data_ptr<float>() + at::get_thread_num() * layer.depth;
    const std::int64_t top = (token - 1) / columns * patch;
    const std::int64_t left = (token - 1) % columns * patch;
    const float* from = pixels + row / tokens * kColours * plane + top * width + left;
    for (std::int64_t line = 0; line < kColours * patch; ++line) {
      std::copy_n(from + line / patch * plane + line % patch * width, patch, values + line * patch);
    }
    layer.kernel->put_rows({.x = values, .rows = 1, .depth = layer.depth}, to, scale);
  };
  const std::int64_t words = layer.depth / layer.kernel->factors;
  multiply_put_rows(
      layer, images * tokens, false, true, out,
      [&](std::int64_t begin, std::int64_t end, std::uint32_t* to, kernels::InputScale* scales) {
        for (std::int64_t row = begin; row < end; ++row)
          put_patch(row, to + (row - begin) * words, scales + (row - begin));
      });
  return out;
}

}  // namespace

bool suits_patch_tokens(std::int64_t width) {
  const kernels::ProductKernels* const kernel = kernels_of(BlockProducts::kInt16);
  return kernel != nullptr && width % kernel->panel == 0;
}

at::Tensor pack_patch_weight(const at::Tensor& weight) {
  const at::Tensor rows = weight.flatten(1);
  return pack_low_product(BlockProducts::kInt16,
                          at::constant_pad_nd(rows, {0, padded_depth(weight.size(-1)) - rows.size(1)}));
}

}  // namespace da3::engine

TORCH_LIBRARY_FRAGMENT(da3, m) {
  m.def("patch_tokens(Tensor image, Tensor position, Tensor packed, int patch) -> Tensor");
}

TORCH_LIBRARY_IMPL(da3, CPU, m) {
  m.impl("patch_tokens", &da3::engine::patch_tokens);
}
