// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

namespace da3::core {

struct MemoryState {
  std::uint64_t free_bytes = 0;  ///< Can be allocated now without swapping or ending another process
  std::uint64_t total_bytes = 0;
};

/// Memory of the host that this process may still take: the least of MemAvailable, of what each control group
/// around it (v1 or v2, nested) still allows, and of the limit on its address space (ulimit -v). Pages of
/// files that a control group can drop (inactive_file) count as free. On macOS free, inactive and purgeable
/// pages. `root` stands for "/" (tests; Linux). Throws: Error kDeviceUnavailable if the system does not tell.
MemoryState host_memory(const std::filesystem::path& root = "/");

/// True where this process may not use all addresses (ulimit -v), so that asking for memory can fail while
/// there is some.
bool address_space_is_limited();

/// Physical cores that this process may keep busy, at least 1: within its CPU affinity, hardware threads of
/// one core counted once, and within the quota of its control groups, rounded down. `root` as above.
int usable_cores(const std::filesystem::path& root = "/");

}  // namespace da3::core
