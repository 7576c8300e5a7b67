// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <c10/core/Device.h>
#include <predict/memory_probe.hpp>

#include <da3/device.hpp>

#include <engine/device/device_layer.hpp>
#include <engine/engine.hpp>

// Questions about a device and orders to it, whatever its kind (device_layer.hpp). check_device is in
// engine.hpp.
namespace da3::engine {

/// LibTorch's name for a device.
c10::Device to_torch(const DeviceId& device);

/// Returns if work can run on the device: takes a little memory there and gives it back. Throws: as
/// check_device, and for a device that is busy, too full, or that this LibTorch has no code for.
void open_device(const DeviceId& device);

/// Devices of a kind that can be used now. Never throws.
int num_devices(DeviceKind kind);

/// What the driver calls a GPU; none where it does not tell.
std::optional<GpuInfo> gpu_info(const DeviceId& device);

/// Memory of a checked device: what the driver has free and what LibTorch holds without using it.
/// For MPS at most what the host has free, for memory is shared. Throws: Error kDeviceUnavailable.
core::MemoryState device_memory(const DeviceId& device);

/// Returns when everything queued on the device is done. Throws: Error kDeviceUnavailable if the device
/// failed, kOutOfMemory, kInternal for what else the queued work failed with.
void synchronize(const DeviceId& device);

/// Gives cached memory of a device back to its driver, on the CPU to the system. Never throws.
void empty_cache(const DeviceId& device);

/// Highest tensor memory of a device since construction.
/// Threads: LibTorch keeps one peak a device, so overlapping calls on one accelerator share it.
class PeakMeter {
 public:
  explicit PeakMeter(const DeviceId& device);
  ~PeakMeter();
  PeakMeter(const PeakMeter&) = delete;
  PeakMeter& operator=(const PeakMeter&) = delete;

  /// Bytes above what was allocated at construction; none where LibTorch does not count (MPS before 2.13).
  std::optional<std::uint64_t> peak_bytes() const;

 private:
  class OnCpu;
  DeviceId device_;
  std::unique_ptr<OnCpu> cpu_;
  std::optional<std::int64_t> start_bytes_;
};

}  // namespace da3::engine
