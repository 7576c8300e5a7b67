// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <initializer_list>

#include <core/host/processor.hpp>
#include <engine/kernels/kernels.hpp>

namespace da3::engine::kernels {

#if defined(__x86_64__)
namespace avx2 {
const Kernels& table();
}
namespace avx512 {
const Kernels& table();
}
namespace avx512_bf16 {
const AttentionKernels& bf16_attention_table();
const ProductKernels& bf16_products_table();
}  // namespace avx512_bf16
namespace avx512_vnni {
const AttentionKernels& int8_attention_table();
const ProductKernels& int8_products_table();
const ProductKernels& int16_products_table();
const ConvolutionKernels& int16_convolutions_table();
}  // namespace avx512_vnni
namespace avx_vnni {
const AttentionKernels& int8_attention_table();
const ProductKernels& int8_products_table();
}  // namespace avx_vnni
#elif defined(__aarch64__)
namespace neon {
const Kernels& table();
}
#endif

const Kernels* kernels_named(const char* name) {
#if defined(__x86_64__)
  const core::Processor& cpu = core::processor();
  const bool has_avx2 = cpu.avx2 && cpu.fma;
  const bool has_avx512 = has_avx2 && cpu.avx512f && cpu.avx512dq && cpu.avx512vl;
  if (has_avx512 && std::strcmp(name, "avx512") == 0) return &avx512::table();
  if (has_avx2 && std::strcmp(name, "avx2") == 0) return &avx2::table();
#elif defined(__aarch64__)
  if (std::strcmp(name, "neon") == 0) return &neon::table();
#endif
  return nullptr;
}

const Kernels* kernels() {
  for (const char* name : {"avx512", "avx2", "neon"}) {
    if (const Kernels* found = kernels_named(name)) return found;
  }
  return nullptr;
}

namespace {

bool has_avx512_bf16() {
#if defined(__x86_64__)
  const core::Processor& cpu = core::processor();
  return kernels_named("avx512") != nullptr && cpu.avx512bw && cpu.avx512_bf16;
#else
  return false;
#endif
}

[[maybe_unused]] bool has_avx_vnni() {
  return kernels_named("avx2") != nullptr && core::processor().avx_vnni;
}

bool has_avx512_vnni() {
#if defined(__x86_64__)
  const core::Processor& cpu = core::processor();
  return kernels_named("avx512") != nullptr && cpu.avx512bw && cpu.avx512_vnni;
#else
  return false;
#endif
}

}  // namespace

const AttentionKernels* bf16_attention() {
#if defined(__x86_64__)
  if (has_avx512_bf16()) return &avx512_bf16::bf16_attention_table();
#endif
  return nullptr;
}

const AttentionKernels* int8_attention() {
#if defined(__x86_64__)
  if (has_avx512_vnni()) return &avx512_vnni::int8_attention_table();
  if (has_avx_vnni()) return &avx_vnni::int8_attention_table();
#endif
  return nullptr;
}

const ProductKernels* bf16_products() {
#if defined(__x86_64__)
  if (has_avx512_bf16()) return &avx512_bf16::bf16_products_table();
#endif
  return nullptr;
}

const ProductKernels* int8_products() {
#if defined(__x86_64__)
  if (has_avx512_vnni()) return &avx512_vnni::int8_products_table();
  if (has_avx_vnni()) return &avx_vnni::int8_products_table();
#endif
  return nullptr;
}

const ProductKernels* int16_products() {
#if defined(__x86_64__)
  if (has_avx512_vnni()) return &avx512_vnni::int16_products_table();
#endif
  return nullptr;
}

const ConvolutionKernels* int16_convolutions() {
#if defined(__x86_64__)
  if (has_avx512_vnni()) return &avx512_vnni::int16_convolutions_table();
#endif
  return nullptr;
}

}  // namespace da3::engine::kernels
