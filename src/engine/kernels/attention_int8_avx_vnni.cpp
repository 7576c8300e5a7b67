// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#define DA3_KERNELS_NAMESPACE avx_vnni
#define DA3_KERNELS_WIDTH 8
#define DA3_KERNELS_ROWS 6
#define DA3_KERNELS_VECTORS 2
#include <engine/kernels/attention_int8-inl.hpp>

namespace da3::engine::kernels::avx_vnni {

const AttentionKernels& int8_attention_table() {
  static constexpr AttentionKernels kTable = coded_attention_kernels();
  return kTable;
}

}  // namespace da3::engine::kernels::avx_vnni
