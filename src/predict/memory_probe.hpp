// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <da3/device.hpp>

#include <core/host/host_memory.hpp>

namespace da3::predict {

/// Memory that a device or the host has left now.
class MemoryProbe {
 public:
  virtual ~MemoryProbe() = default;
  /// For the CPU as host(), and what the process itself keeps for reuse. Throws: Error kDeviceUnavailable.
  virtual core::MemoryState device(const DeviceId& device) = 0;
  /// The least of MemAvailable and what the control group (v1 or v2) still allows.
  virtual core::MemoryState host() = 0;
};

}  // namespace da3::predict
