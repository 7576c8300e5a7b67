// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace da3::bench {

/// Counters that only go up, read before and after a measurement to see what disturbed it. Null: not told
/// here.
struct MachineState {
  std::optional<double> busy_core_seconds;  ///< All processes, all cores
  std::optional<double> own_core_seconds;   ///< This process and its ended children
  std::optional<double> uptime_seconds;
  std::optional<std::uint64_t> swapped_pages;    ///< In and out
  std::optional<std::uint64_t> throttle_events;  ///< Of the cores, for heat
  std::optional<double> quota_wait_seconds;      ///< Held back by the control group's processor limit
};

/// The state now. `root` as for capture_environment.
MachineState read_machine_state(const std::filesystem::path& root = "/");

}  // namespace da3::bench
