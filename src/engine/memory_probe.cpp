// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <engine/cpu_allocator.hpp>
#include <engine/devices.hpp>
#include <engine/engine.hpp>
#include <infer/host_memory.hpp>

namespace da3::engine {
namespace {

class SystemMemoryProbe final : public infer::MemoryProbe {
 public:
  infer::MemoryState device(const DeviceId& device) override {
    infer::MemoryState state = device_memory(device);
    // Freed blocks that the allocator keeps are there for the next forward.
    if (device.kind == DeviceKind::kCpu) state.free_bytes += cpu_memory().cached_bytes;
    return state;
  }
  infer::MemoryState host() override { return infer::host_memory(); }
};

}  // namespace

std::unique_ptr<infer::MemoryProbe> make_memory_probe() {
  return std::make_unique<SystemMemoryProbe>();
}

}  // namespace da3::engine
