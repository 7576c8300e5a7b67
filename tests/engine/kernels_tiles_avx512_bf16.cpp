// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#define DA3_KERNELS_NAMESPACE tiles_of_avx512_bf16
#define DA3_KERNELS_WIDTH 16
#define DA3_KERNELS_ROWS 12
#define DA3_KERNELS_VECTORS 2
#include <engine/kernels/attention_bf16-inl.hpp>
#include <engine/kernels/attention_int8-inl.hpp>

namespace da3::engine::kernels::tiles_of_avx512_bf16 {

const AttentionKernels& bf16_attention_table() {
  static constexpr AttentionKernels kTable = attention_kernels<Bf16Attention>();
  return kTable;
}

const AttentionKernels& int8_attention_table() {
  static constexpr AttentionKernels kTable = coded_attention_kernels();
  return kTable;
}

}  // namespace da3::engine::kernels::tiles_of_avx512_bf16
