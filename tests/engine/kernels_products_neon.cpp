// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#define DA3_KERNELS_NAMESPACE products_of_neon
#define DA3_KERNELS_WIDTH 4
#define DA3_KERNELS_ROWS 6
#define DA3_KERNELS_VECTORS 2
#include <engine/kernels/products-inl.hpp>

namespace da3::engine::kernels::products_of_neon {

const ProductKernels& bf16_products_table() {
  static constexpr ProductKernels kTable = product_kernels<Bf16Factors>("neon_tiles");
  return kTable;
}

const ProductKernels& int8_products_table() {
  static constexpr ProductKernels kTable = product_kernels<Int8Factors>("neon_tiles");
  return kTable;
}

}  // namespace da3::engine::kernels::products_of_neon
