// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace da3::core {

/// What this processor and its operating system offer, asked of the processor itself.
struct Processor {
  std::string model;   ///< Such as "AMD EPYC 7R13"; empty where it cannot be found out
  std::string vendor;  ///< Of x86 processors, such as "AuthenticAMD", "GenuineIntel"; else empty
  bool sse4_1 = false;
  bool sse4_2 = false;
  bool sha_ni = false;
  bool avx = false;
  bool f16c = false;
  bool avx2 = false;
  bool fma = false;
  bool avx512f = false;
  bool avx512dq = false;
  bool avx512bw = false;
  bool avx512vl = false;
  bool avx512_vnni = false;
  bool avx512_bf16 = false;
  bool avx512_fp16 = false;
  bool avx_vnni = false;
  bool amx_tile = false;  ///< The processor has it; Linux grants it on request
  bool amx_bf16 = false;
  bool amx_int8 = false;
  bool neon = false;
  bool arm_bf16 = false;
  bool arm_i8mm = false;
  bool arm_dotprod = false;
  bool arm_sve = false;

  /// Whether products of bfloat16 are done in hardware; without it bfloat16 is slower than float32.
  bool fast_bf16() const { return avx512_bf16 || (amx_tile && amx_bf16) || arm_bf16; }

  /// Names of the features that are there, such as {"avx2", "fma"}.
  std::vector<std::string> names() const;
};

/// The processor without the features that `names`, with commas between them, does not name. Throws: Error
/// kUsage for a name that is no feature of any processor.
Processor restricted_to(Processor processor, std::string_view names);

/// DA3_CPU_FEATURES in the environment restricts it to the features that it names, for tests and comparisons.
/// Throws: Error kUsage for other names there. Threads: any. The answer never changes while the program runs.
const Processor& processor();

}  // namespace da3::core
