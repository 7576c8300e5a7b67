// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <engine/devices.hpp>
#include <engine/engine.hpp>
#include <infer/host_memory.hpp>

namespace da3::engine {
namespace {

class SystemMemoryProbe final : public infer::MemoryProbe {
 public:
  infer::MemoryState device(const DeviceId& device) override { return device_memory(device); }
  infer::MemoryState host() override { return infer::host_memory(); }
};

}  // namespace

std::unique_ptr<infer::MemoryProbe> make_memory_probe() {
  return std::make_unique<SystemMemoryProbe>();
}

}  // namespace da3::engine
