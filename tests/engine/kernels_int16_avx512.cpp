// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
// The register tile of AVX512_VNNI in ordinary instructions.
#define DA3_KERNELS_NAMESPACE int16_of_avx512
#define DA3_KERNELS_WIDTH 16
#define DA3_KERNELS_ROWS 12
#define DA3_KERNELS_VECTORS 2
#include <engine/kernels/products-inl.hpp>
#include <engine/kernels/winograd_int16-inl.hpp>

namespace da3::engine::kernels::int16_of_avx512 {

const ProductKernels& int16_products_table() {
  static constexpr ProductKernels kTable = product_kernels<Int16Factors>("avx512_tiles");
  return kTable;
}

}  // namespace da3::engine::kernels::int16_of_avx512
