// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace da3::bench {

/// Highest resident memory of this process since a moment.
class PeakMemory {
 public:
  virtual ~PeakMemory() = default;
  /// Gives back what the allocator keeps of freed memory and begins anew. False where the system cannot
  /// forget a peak.
  virtual bool restart() = 0;
  /// Since the last restart. Null where the system does not say.
  virtual std::optional<std::uint64_t> bytes() = 0;
};

/// The system's own count: on Linux VmHWM, begun anew through /proc/self/clear_refs (proc_pid_clear_refs(5));
/// macOS knows only the peak of the whole process.
class SystemPeakMemory final : public PeakMemory {
 public:
  bool restart() override;
  std::optional<std::uint64_t> bytes() override;
  /// Of the whole process, restarts or not.
  std::optional<std::uint64_t> whole_bytes();

 private:
  std::optional<std::uint64_t> before_;  ///< Highest of what restarts made the system forget
};

}  // namespace da3::bench
