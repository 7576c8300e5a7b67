// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <memory>

#include <ATen/ATen.h>

#include <da3/error.hpp>

#include <engine/device/devices.hpp>
#include <engine/operators/cpu_allocator.hpp>
#include <engine/torch_errors.hpp>

namespace da3::engine {
namespace {

std::array<std::atomic<const DeviceLayer*>, 3> overrides{};

std::atomic<const DeviceLayer*>& override_of(DeviceKind kind) {
  return overrides.at(static_cast<std::size_t>(kind));
}

[[noreturn]] void unavailable(const DeviceId& device, const std::string& reason) {
  throw Error(ErrorCode::kDeviceUnavailable, "Device " + to_string(device) + " cannot be used: " + reason);
}

}  // namespace

const DeviceLayer& device_layer(DeviceKind kind) {
  if (const DeviceLayer* const other = override_of(kind)) return *other;
  switch (kind) {
    case DeviceKind::kCuda:
      return cuda_layer();
    case DeviceKind::kMps:
      return mps_layer();
    case DeviceKind::kCpu:
      break;
  }
  return cpu_layer();
}

DeviceLayerOverride::DeviceLayerOverride(DeviceKind kind, const DeviceLayer& layer)
    : kind_(kind), before_(override_of(kind).exchange(&layer)) {}

DeviceLayerOverride::~DeviceLayerOverride() {
  override_of(kind_) = before_;
}

c10::Device to_torch(const DeviceId& device) {
  return device_layer(device.kind).torch_device(device.index);
}

int num_devices(DeviceKind kind) {
  return device_layer(kind).count();
}

std::optional<GpuInfo> gpu_info(const DeviceId& device) {
  return device_layer(device.kind).info(device.index);
}

void check_device(const DeviceId& device) {
  const int count = num_devices(device.kind);
  if (device.index >= 0 && device.index < count) return;
  if (count == 0) unavailable(device, device_layer(device.kind).why_none());
  unavailable(device,
              "there " +
                  std::string(count == 1 ? "is 1 device" : "are " + std::to_string(count) + " devices") +
                  " of its kind, numbered from 0");
}

void open_device(const DeviceId& device) {
  check_device(device);
  if (device.kind == DeviceKind::kCpu) return;
  try {
    at::zeros({1}, at::TensorOptions().device(to_torch(device)));
    device_layer(device.kind).synchronize(device.index);
  } catch (const std::exception& error) {
    if (is_out_of_memory(error)) {
      throw Error(ErrorCode::kOutOfMemory,
                  "Device " + to_string(device) + " cannot be used: other programs hold all of its memory");
    }
    unavailable(device, device_failure(error).value_or(torch_message(error)));
  }
}

core::MemoryState device_memory(const DeviceId& device) {
  check_device(device);
  try {
    return device_layer(device.kind).memory(device.index);
  } catch (const std::exception& error) {
    throw translate(error, ErrorCode::kDeviceUnavailable, "Asking " + to_string(device) + " for its memory");
  }
}

void synchronize(const DeviceId& device) {
  try {
    device_layer(device.kind).synchronize(device.index);
  } catch (const std::exception& error) {
    throw translate(error, ErrorCode::kInternal, "Waiting for " + to_string(device));
  }
}

void empty_cache(const DeviceId& device) {
  try {
    device_layer(device.kind).empty_cache();
  } catch (const std::exception&) {
    // Called while another error is handled; what could not be given back is still in LibTorch's cache for
    // reuse.
  }
}

class PeakMeter::OnCpu : public CpuPeakMeter {};

PeakMeter::PeakMeter(const DeviceId& device) : device_(device) {
  if (device.kind == DeviceKind::kCpu) {
    cpu_ = std::make_unique<OnCpu>();
    return;
  }
  const DeviceLayer& layer = device_layer(device.kind);
  if (const auto state = layer.allocator(device.index)) {
    start_bytes_ = state->allocated_bytes;
    layer.reset_peak(device.index);
  }
}

PeakMeter::~PeakMeter() = default;

std::optional<std::uint64_t> PeakMeter::peak_bytes() const {
  if (cpu_) return cpu_->peak_bytes();
  if (!start_bytes_) return std::nullopt;
  const auto state = device_layer(device_.kind).allocator(device_.index);
  // A peak below the start was never counted, and no peak must not pass for a forward that takes nothing.
  if (!state || state->peak_bytes < *start_bytes_) return std::nullopt;
  return static_cast<std::uint64_t>(state->peak_bytes - *start_bytes_);
}

}  // namespace da3::engine
