// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <engine/operators/packed_layer.hpp>

namespace da3::engine {
namespace {

const kernels::ProductKernels& kernels_of_kind(std::int64_t kind) {
  const kernels::ProductKernels* const found = kernels_of(static_cast<BlockProducts>(kind));
  TORCH_CHECK(found != nullptr, "da3 has no products of kind ", kind, " for this processor");
  return *found;
}

}  // namespace

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

bool is_rows(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.dim() > 0 && x.is_contiguous();
}

PackedLayer layer_of(const at::Tensor& packed, const std::optional<at::Tensor>& bias, std::int64_t depth,
                     std::int64_t kind, const std::optional<at::Tensor>& factors) {
  const kernels::ProductKernels& kernel = kernels_of_kind(kind);
  TORCH_CHECK(packed.dim() == 2, "packed: expected two dimensions, got ", packed.sizes());
  const std::int64_t outputs = packed.size(0) * kernel.panel;
  const bool packed_fits = packed.is_contiguous() && packed.scalar_type() == at::kInt && depth > 0 &&
                           depth % kernels::kProductDepth == 0 &&
                           packed.numel() == kernel.packed_words(outputs, depth);
  TORCH_CHECK(packed_fits, "packed: not from a weight (N, ", depth, ")");
  TORCH_CHECK(!bias || (is_rows(*bias) && bias->numel() == outputs), "bias: expected (", outputs, "), got ",
              bias->sizes());
  TORCH_CHECK(!factors || (is_rows(*factors) && factors->numel() == depth), "factors: expected (", depth,
              "), got ", factors->sizes());
  TORCH_CHECK(!factors || static_cast<BlockProducts>(kind) == BlockProducts::kInt8,
              "factors: only 8-bit products take them");
  return {.kernel = &kernel,
          .packed = reinterpret_cast<const std::uint32_t*>(packed.const_data_ptr<int>()),
          .bias = bias ? bias->const_data_ptr<float>() : nullptr,
          .factors = factors ? factors->const_data_ptr<float>() : nullptr,
          .depth = depth,
          .outputs = outputs};
}

}  // namespace da3::engine
