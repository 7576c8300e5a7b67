// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <string>

#include <engine/device/devices.hpp>

namespace da3::engine::testing {

/// Why tests of a GPU are skipped here; empty where they run. DA3_SKIP_GPU_TESTS=1 is for virtual machines
/// whose GPU is announced but does not compute.
inline std::string why_no_gpu(DeviceKind kind) {
  const DeviceId device{kind, 0};
  if (num_devices(kind) == 0) return "no " + to_string(device) + " here: " + device_layer(kind).why_none();
  const char* const skip = std::getenv("DA3_SKIP_GPU_TESTS");
  return skip != nullptr && std::string(skip) == "1" ? "DA3_SKIP_GPU_TESTS is set" : "";
}

}  // namespace da3::engine::testing
