// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace da3::testing {

/// A figure in KiB that Linux tells of a process, such as "VmPeak" or "VmRSS"; 0 where /proc does not tell.
inline std::uint64_t status_kib(int process, std::string_view field) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  const std::string label = std::string(field) + ":";
  for (std::string word; status >> word;) {
    if (word != label) continue;
    std::uint64_t kib = 0;
    status >> kib;
    return kib;
  }
  return 0;
}

}  // namespace da3::testing
