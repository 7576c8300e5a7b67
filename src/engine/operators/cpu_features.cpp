// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <fstream>
#include <utility>

#include <engine/operators/cpu_features.hpp>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif
#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace da3::engine {
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
void read_instructions(CpuFeatures& features) {
  features.vendor = read_vendor();
  const Leaf basic = leaf(1);
  constexpr unsigned kOsxsave = 27;
  if (!bit(basic.ecx, kOsxsave)) return;
  const std::uint64_t states = saved_states();
  const bool ymm = (states & 0x6) == 0x6;
  const bool zmm = (states & 0xe6) == 0xe6;
  const bool tiles = (states & 0x60000) == 0x60000;
  const Leaf seven = leaf(7);
  const Leaf seven_one = leaf(7, 1);
  features.fma = ymm && bit(basic.ecx, 12);
  features.avx2 = ymm && bit(seven.ebx, 5);
  features.avx_vnni = ymm && bit(seven_one.eax, 4);
  features.avx512f = zmm && bit(seven.ebx, 16);
  features.avx512_vnni = zmm && bit(seven.ecx, 11);
  features.avx512_bf16 = zmm && bit(seven_one.eax, 5);
  features.avx512_fp16 = zmm && bit(seven.edx, 23);
  features.amx_bf16 = tiles && bit(seven.edx, 22);
  features.amx_tile = tiles && bit(seven.edx, 24);
  features.amx_int8 = tiles && bit(seven.edx, 25);
}

#elif defined(__aarch64__) && defined(__linux__)

/// Bits of the kernel's Documentation/arch/arm64/elf_hwcaps.rst.
void read_instructions(CpuFeatures& features) {
  const unsigned long first = getauxval(AT_HWCAP);
  const unsigned long second = getauxval(AT_HWCAP2);
  features.neon = ((first >> 1) & 1U) != 0;
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

void read_instructions(CpuFeatures& features) {
  features.neon = true;
  features.arm_bf16 = apple_feature("hw.optional.arm.FEAT_BF16");
  features.arm_i8mm = apple_feature("hw.optional.arm.FEAT_I8MM");
}

#else

void read_instructions(CpuFeatures& /*features*/) {}

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

CpuFeatures read_features() {
  CpuFeatures features;
  features.model = read_model();
  read_instructions(features);
  return features;
}

}  // namespace

std::vector<std::string> CpuFeatures::names() const {
  const std::pair<bool, const char*> all[] = {{avx2, "avx2"},
                                              {fma, "fma"},
                                              {avx_vnni, "avx_vnni"},
                                              {avx512f, "avx512f"},
                                              {avx512_vnni, "avx512_vnni"},
                                              {avx512_bf16, "avx512_bf16"},
                                              {avx512_fp16, "avx512_fp16"},
                                              {amx_tile, "amx_tile"},
                                              {amx_bf16, "amx_bf16"},
                                              {amx_int8, "amx_int8"},
                                              {neon, "neon"},
                                              {arm_bf16, "arm_bf16"},
                                              {arm_i8mm, "arm_i8mm"},
                                              {arm_sve, "arm_sve"}};
  std::vector<std::string> found;
  for (const auto& [present, name] : all) {
    if (present) found.emplace_back(name);
  }
  return found;
}

const CpuFeatures& cpu_features() {
  static const auto* const features = new CpuFeatures(read_features());
  return *features;
}

}  // namespace da3::engine
