// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#define DA3_KERNELS_NAMESPACE avx512_vnni
#define DA3_KERNELS_WIDTH 16
#define DA3_KERNELS_ROWS 12
#define DA3_KERNELS_VECTORS 2
#include <engine/kernels/products-inl.hpp>
#include <engine/kernels/winograd_int16-inl.hpp>

namespace da3::engine::kernels::avx512_vnni {

const ProductKernels& int16_products_table() {
  static constexpr ProductKernels kTable = product_kernels<Int16Factors>("avx512_vnni");
  return kTable;
}

}  // namespace da3::engine::kernels::avx512_vnni
