// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <da3/error.hpp>

#include <core/host/processor.hpp>
#include <core/nearest.hpp>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif
#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace da3::core {
namespace {

#if defined(__x86_64__)

struct Leaf {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
};

Leaf leaf(unsigned number, unsigned sub = 0) {
  Leaf found;
  __get_cpuid_count(number, sub, &found.eax, &found.ebx, &found.ecx, &found.edx);
  return found;
}

bool bit(unsigned word, unsigned index) {
  return ((word >> index) & 1U) != 0;
}

/// Register states that the operating system saves (XCR0).
std::uint64_t saved_states() {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<std::uint64_t>(high) << 32) | low;
}

std::string read_vendor() {
  const Leaf zero = leaf(0);
  std::string name;
  for (const unsigned word : {zero.ebx, zero.edx, zero.ecx}) {
    for (unsigned i = 0; i < 4; ++i) name += static_cast<char>((word >> (8 * i)) & 0xffU);
  }
  return name;
}

/// Bits as in Intel's and AMD's manuals for CPUID leaves 1 and 7.
void read_instructions(Processor& features) {
  features.vendor = read_vendor();
  const Leaf basic = leaf(1);
  features.sse4_1 = bit(basic.ecx, 19);
  features.sse4_2 = bit(basic.ecx, 20);
  const Leaf seven = leaf(7);
  features.sha_ni = bit(seven.ebx, 29);
  constexpr unsigned kOsxsave = 27;
  if (!bit(basic.ecx, kOsxsave)) return;
  const std::uint64_t states = saved_states();
  const bool ymm = (states & 0x6) == 0x6;
  const bool zmm = (states & 0xe6) == 0xe6;
  const bool tiles = (states & 0x60000) == 0x60000;
  const Leaf seven_one = leaf(7, 1);
  features.avx = ymm && bit(basic.ecx, 28);
  features.f16c = ymm && bit(basic.ecx, 29);
  features.fma = ymm && bit(basic.ecx, 12);
  features.avx2 = ymm && bit(seven.ebx, 5);
  features.avx_vnni = ymm && bit(seven_one.eax, 4);
  features.avx512f = zmm && bit(seven.ebx, 16);
  features.avx512dq = zmm && bit(seven.ebx, 17);
  features.avx512bw = zmm && bit(seven.ebx, 30);
  features.avx512vl = zmm && bit(seven.ebx, 31);
  features.avx512_vnni = zmm && bit(seven.ecx, 11);
  features.avx512_bf16 = zmm && bit(seven_one.eax, 5);
  features.avx512_fp16 = zmm && bit(seven.edx, 23);
  features.amx_bf16 = tiles && bit(seven.edx, 22);
  features.amx_tile = tiles && bit(seven.edx, 24);
  features.amx_int8 = tiles && bit(seven.edx, 25);
}

#elif defined(__aarch64__) && defined(__linux__)

/// Bits of the kernel's Documentation/arch/arm64/elf_hwcaps.rst.
void read_instructions(Processor& features) {
  const unsigned long first = getauxval(AT_HWCAP);
  const unsigned long second = getauxval(AT_HWCAP2);
  features.neon = ((first >> 1) & 1U) != 0;
  features.arm_dotprod = ((first >> 20) & 1U) != 0;
  features.arm_sve = ((first >> 22) & 1U) != 0;
  features.arm_i8mm = ((second >> 13) & 1U) != 0;
  features.arm_bf16 = ((second >> 14) & 1U) != 0;
}

#elif defined(__aarch64__) && defined(__APPLE__)

bool apple_feature(const char* name) {
  int value = 0;
  std::size_t size = sizeof(value);
  return sysctlbyname(name, &value, &size, nullptr, 0) == 0 && value != 0;
}

void read_instructions(Processor& features) {
  features.neon = true;
  features.arm_dotprod = apple_feature("hw.optional.arm.FEAT_DotProd");
  features.arm_bf16 = apple_feature("hw.optional.arm.FEAT_BF16");
  features.arm_i8mm = apple_feature("hw.optional.arm.FEAT_I8MM");
}

#else

void read_instructions(Processor& /*features*/) {}

#endif

std::string read_model() {
#if defined(__APPLE__)
  char name[256] = {};
  std::size_t size = sizeof(name) - 1;
  return sysctlbyname("machdep.cpu.brand_string", name, &size, nullptr, 0) == 0 ? name : "";
#else
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (!line.starts_with("model name")) continue;
    const auto colon = line.find(": ");
    return colon == std::string::npos ? "" : line.substr(colon + 2);
  }
  return "";
#endif
}

constexpr std::pair<bool Processor::*, std::string_view> kFeatures[] = {
    {&Processor::sse4_2, "sse4_2"},
    {&Processor::avx, "avx"},
    {&Processor::fma, "fma"},
    {&Processor::f16c, "f16c"},
    {&Processor::avx2, "avx2"},
    {&Processor::avx_vnni, "avx_vnni"},
    {&Processor::avx512f, "avx512f"},
    {&Processor::avx512dq, "avx512dq"},
    {&Processor::avx512bw, "avx512bw"},
    {&Processor::avx512vl, "avx512vl"},
    {&Processor::avx512_vnni, "avx512_vnni"},
    {&Processor::avx512_bf16, "avx512_bf16"},
    {&Processor::avx512_fp16, "avx512_fp16"},
    {&Processor::amx_tile, "amx_tile"},
    {&Processor::amx_bf16, "amx_bf16"},
    {&Processor::amx_int8, "amx_int8"},
    {&Processor::sha_ni, "sha_ni"},
    {&Processor::neon, "neon"},
    {&Processor::arm_dotprod, "arm_dotprod"},
    {&Processor::arm_bf16, "arm_bf16"},
    {&Processor::arm_i8mm, "arm_i8mm"},
    {&Processor::arm_sve, "arm_sve"},
};

Processor read_features() {
  Processor features;
  features.model = read_model();
  read_instructions(features);
  constexpr const char* kVariable = "DA3_CPU_FEATURES";
  const char* const only = std::getenv(kVariable);
  if (only == nullptr) return features;
  try {
    return restricted_to(features, only);
  } catch (const Error& error) {
    throw Error(error.code(), std::string(kVariable) + ": " + error.what());
  }
}

}  // namespace

std::vector<std::string> Processor::names() const {
  std::vector<std::string> found;
  for (const auto& [feature, name] : kFeatures) {
    if (this->*feature) found.emplace_back(name);
  }
  return found;
}

Processor restricted_to(Processor processor, std::string_view names) {
  std::vector<std::string_view> known;
  for (const auto& [feature, name] : kFeatures) known.push_back(name);
  std::vector<std::string_view> kept;
  while (!names.empty()) {
    const std::size_t comma = std::min(names.find(','), names.size());
    kept.push_back(names.substr(0, comma));
    if (!kept.back().empty() && std::ranges::find(known, kept.back()) == known.end())
      refuse_choice(kept.back(), known);
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  for (const auto& [feature, name] : kFeatures) {
    if (std::ranges::find(kept, name) == kept.end()) processor.*feature = false;
  }
  return processor;
}

const Processor& processor() {
  static const auto* const features = new Processor(read_features());
  return *features;
}

}  // namespace da3::core
