// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <da3/device.hpp>

namespace da3::infer {

struct MemoryState {
  std::uint64_t free_bytes = 0;  ///< Can be allocated now without swapping or ending another process
  std::uint64_t total_bytes = 0;
};

/// Memory that a device or the host has left now.
class MemoryProbe {
 public:
  virtual ~MemoryProbe() = default;
  /// For the CPU as host(), and what the process itself keeps for reuse. Throws: Error kDeviceUnavailable.
  virtual MemoryState device(const DeviceId& device) = 0;
  /// The least of MemAvailable and what the control group (v1 or v2) still allows.
  virtual MemoryState host() = 0;
};

}  // namespace da3::infer
