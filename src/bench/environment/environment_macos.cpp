// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <sys/sysctl.h>

#include <bench/environment/environment_system.hpp>

namespace da3::bench {
namespace {

std::string text_of(const char* name) {
  std::size_t size = 0;
  if (sysctlbyname(name, nullptr, &size, nullptr, 0) != 0 || size == 0) return {};
  std::string text(size, '\0');
  if (sysctlbyname(name, text.data(), &size, nullptr, 0) != 0) return {};
  return text.substr(0, text.find('\0'));
}

template <typename Integer>
Integer number_of(const char* name) {
  Integer value = 0;
  std::size_t size = sizeof(value);
  return sysctlbyname(name, &value, &size, nullptr, 0) == 0 ? value : Integer{0};
}

}  // namespace

void fill_from_system(Environment& environment, const std::filesystem::path& /*root*/) {
  environment.os = "macOS " + text_of("kern.osproductversion");
  environment.cpu_model = text_of("machdep.cpu.brand_string");
  environment.memory_bytes = number_of<std::uint64_t>("hw.memsize");
  const int physical = number_of<int>("hw.physicalcpu");
  if (physical > 0) environment.physical_cores = physical;
}

}  // namespace da3::bench
