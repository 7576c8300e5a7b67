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

namespace da3::engine {
namespace {

constexpr std::int64_t kInputBytesOfTask = 384 << 10;  ///< Rounded inputs that stay in the second-level cache
constexpr std::int64_t kRowsPerTask = 16;
constexpr std::int64_t kDeepest = 32768;  ///< Sums of 255 * 127 stay within 31 bits

const kernels::ProductKernels* kernels_of(BlockProducts products) {
  switch (products) {
    case BlockProducts::kBf16:
      return kernels::bf16_products();
    case BlockProducts::kInt8:
      return kernels::int8_products();
    case BlockProducts::kFloat:
      break;
  }
  return nullptr;
}

const kernels::ProductKernels& kernels_of_factors(std::int64_t factors) {
  for (const BlockProducts products : {BlockProducts::kBf16, BlockProducts::kInt8}) {
    const kernels::ProductKernels* found = kernels_of(products);
    if (found != nullptr && found->factors == factors) return *found;
  }
  TORCH_CHECK(false, "da3 has no products of ", factors, " factors a word for this processor");
}

bool is_rows(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.dim() > 0 && x.is_contiguous();
}

/// A layer's product over the rows of x, or of their norms with that epsilon, into out or added to it.
void multiply(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias, std::int64_t factors,
              bool gelu, bool add, std::optional<double> epsilon, at::Tensor& out) {
  const kernels::ProductKernels& kernel = kernels_of_factors(factors);
  TORCH_CHECK(is_rows(x), "x: expected contiguous float32 on the CPU, got ", x.toString(), " ", x.sizes());
  const std::int64_t depth = x.size(-1);
  const std::int64_t panels = packed.size(0);
  const std::int64_t outputs = panels * kernel.panel;
  const bool packed_fits = packed.dim() == 2 && packed.is_contiguous() && packed.scalar_type() == at::kInt &&
                           depth > 0 && depth % kernels::kProductDepth == 0 &&
                           packed.numel() == kernel.packed_words(outputs, depth);
  TORCH_CHECK(packed_fits, "packed: not from a weight (N, ", depth, ")");
  TORCH_CHECK(is_rows(bias) && bias.numel() == outputs, "bias: expected (", outputs, "), got ", bias.sizes());
  const std::int64_t rows = x.numel() / depth;
  if (rows == 0) return;

  const std::int64_t words = depth / factors;
  const std::int64_t tiles = (rows + kernel.rows - 1) / kernel.rows;
  at::Tensor inputs = at::empty({tiles * kernel.rows, words}, packed.options());
  auto* const input_words = reinterpret_cast<std::uint32_t*>(inputs.mutable_data_ptr<int>());
  // The last tile's missing rows are multiplied too and thrown away.
  std::fill(input_words + rows * words, input_words + tiles * kernel.rows * words, 0U);
  std::vector<kernels::InputScale> scales(static_cast<std::size_t>(rows));
  const float* const from = x.const_data_ptr<float>();
  at::parallel_for(0, rows, kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const float* const here = from + row * depth;
      const kernels::RowNorm norm =
          epsilon ? kernel.norm_of_row(here, depth, static_cast<float>(*epsilon)) : kernels::RowNorm{};
      scales[static_cast<std::size_t>(row)] = kernel.put_row(here, depth, norm, input_words + row * words);
    }
  });

  const kernels::Product product{
      .inputs = input_words,
      .scales = scales.data(),
      .weights = reinterpret_cast<const std::uint32_t*>(packed.const_data_ptr<int>()),
      .bias = bias.const_data_ptr<float>(),
      .depth = depth,
      .gelu = gelu,
      .add = add,
      .out = out.mutable_data_ptr<float>(),
      .out_stride = outputs};
  const std::int64_t tile_bytes = kernel.rows * words * static_cast<std::int64_t>(sizeof(std::uint32_t));
  const std::int64_t most_tiles = std::max<std::int64_t>(1, kInputBytesOfTask / tile_bytes);
  const std::int64_t blocks = (tiles + most_tiles - 1) / most_tiles;
  // Each thread has its own panels, for all rows: they are read from memory once.
  const std::int64_t groups = std::min<std::int64_t>(panels, at::get_num_threads());
  at::parallel_for(0, groups * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t group = task / blocks;
      const std::int64_t block = task % blocks;
      const std::int64_t first = tiles * block / blocks * kernel.rows;
      const std::int64_t last = std::min(rows, tiles * (block + 1) / blocks * kernel.rows);
      for (std::int64_t panel = panels * group / groups; panel < panels * (group + 1) / groups; ++panel)
        kernel.multiply(product, first, last, panel);
    }
  });
}

at::Tensor product(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias,
                   std::int64_t factors, bool gelu, std::optional<double> epsilon) {
  std::vector<std::int64_t> sizes = x.sizes().vec();
  TORCH_CHECK(!sizes.empty(), "x: expected (..., K)");
  sizes.back() = bias.numel();
  at::Tensor out = at::empty(sizes, x.options());
  multiply(x, packed, bias, factors, gelu, false, epsilon, out);
  return out;
}

at::Tensor& product_add(at::Tensor& residual, const at::Tensor& x, const at::Tensor& packed,
                        const at::Tensor& bias, std::int64_t factors) {
  const bool fits = is_rows(residual) && is_rows(x) && residual.size(-1) == bias.numel() &&
                    residual.numel() / residual.size(-1) == x.numel() / x.size(-1);
  TORCH_CHECK(fits, "residual: expected contiguous float32 with a row for each of x and ", bias.numel(),
              " columns, got ", residual.sizes());
  multiply(x, packed, bias, factors, false, true, std::nullopt, residual);
  return residual;
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

std::int64_t factors_per_word(BlockProducts products) {
  return kernels_of(products)->factors;
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
      "product(Tensor x, Tensor packed, Tensor bias, int factors, bool gelu=False, float? norm=None) -> "
      "Tensor");
  m.def("product_add_(Tensor(a!) residual, Tensor x, Tensor packed, Tensor bias, int factors) -> Tensor(a!)");
}

TORCH_LIBRARY_IMPL(da3, CPU, m) {
  m.impl("product", &da3::engine::product);
  m.impl("product_add_", &da3::engine::product_add);
}
