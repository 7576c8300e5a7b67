// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#define DA3_KERNELS_NAMESPACE avx512_bf16
#define DA3_KERNELS_WIDTH 16
#define DA3_KERNELS_ROWS 12
#define DA3_KERNELS_VECTORS 2
#include <engine/kernels/products-inl.hpp>

namespace da3::engine::kernels::avx512_bf16 {

const ProductKernels& bf16_products_table() {
  static constexpr ProductKernels kTable = product_kernels<Bf16Factors>("avx512_bf16");
  return kTable;
}

}  // namespace da3::engine::kernels::avx512_bf16
