// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <core/host/host_memory.hpp>
#include <engine/device/devices.hpp>
#include <engine/engine.hpp>
#include <engine/operators/cpu_allocator.hpp>

namespace da3::engine {
namespace {

class SystemMemoryProbe final : public predict::MemoryProbe {
 public:
  core::MemoryState device(const DeviceId& device) override {
    core::MemoryState state = device_memory(device);
    // Freed blocks that the allocator keeps are there for the next forward.
    if (device.kind == DeviceKind::kCpu) state.free_bytes += cpu_memory().cached_bytes;
    return state;
  }
  core::MemoryState host() override { return core::host_memory(); }
};

}  // namespace

std::unique_ptr<predict::MemoryProbe> make_memory_probe() {
  return std::make_unique<SystemMemoryProbe>();
}

}  // namespace da3::engine
