// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
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
}
#elif defined(__aarch64__)
namespace neon {
const Kernels& table();
}
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

const AttentionKernels* bf16_attention() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool has_bf16 = kernels_named("avx512") != nullptr && __builtin_cpu_supports("avx512bw") != 0 &&
                        __builtin_cpu_supports("avx512bf16") != 0;
  if (has_bf16) return &avx512_bf16::bf16_attention_table();
#endif
  return nullptr;
}

}  // namespace da3::engine::kernels
