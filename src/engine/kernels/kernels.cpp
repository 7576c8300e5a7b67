// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <cstring>
#include <initializer_list>

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
const ProductKernels& int8_products_table();
}
namespace avx_vnni {
const ProductKernels& int8_products_table();
}
#elif defined(__aarch64__)
namespace neon {
const Kernels& table();
}
#endif

#if defined(__x86_64__)
namespace {

// __builtin_cpu_supports has no name for it before GCC 13.
bool has_avx_vnni() {
  unsigned int eax = 0;
  unsigned int ebx = 0;
  unsigned int ecx = 0;
  unsigned int edx = 0;
  constexpr unsigned int kAvxVnni = 1U << 4U;
  return kernels_named("avx2") != nullptr && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 &&
         (eax & kAvxVnni) != 0;
}

}  // namespace
#endif

const Kernels* kernels_named(const char* name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool has_avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") != 0 &&
                          __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
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
  __builtin_cpu_init();
  return kernels_named("avx512") != nullptr && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512bf16") != 0;
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

const ProductKernels* bf16_products() {
#if defined(__x86_64__)
  if (has_avx512_bf16()) return &avx512_bf16::bf16_products_table();
#endif
  return nullptr;
}

const ProductKernels* int8_products() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (kernels_named("avx512") != nullptr && __builtin_cpu_supports("avx512bw") != 0 &&
      __builtin_cpu_supports("avx512vnni") != 0) {
    return &avx512_vnni::int8_products_table();
  }
  if (has_avx_vnni()) return &avx_vnni::int8_products_table();
#endif
  return nullptr;
}

}  // namespace da3::engine::kernels
