// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <benchmarks/run_benchmarks.hpp>

#include <engine/device/system_info.hpp>

int main(int argc, char** argv) {
  const da3::engine::SystemInfo system = da3::engine::system_info();
  da3::benchmarks::ProgramFacts facts;
  facts.threads = system.threads;
  facts.libraries.libtorch = system.libtorch_version;
  facts.libraries.blas = system.blas + (system.mkl_version.empty() ? "" : " " + system.mkl_version);
  facts.libraries.onednn = system.onednn_version;
  for (const da3::engine::DeviceInfo& device : system.devices) {
    facts.devices.push_back({to_string(device.id), device.name, "", {}});
    if (device.memory) facts.devices.back().memory_bytes = device.memory->total_bytes;
  }
  return da3::benchmarks::run_benchmarks(argc, argv, facts);
}
