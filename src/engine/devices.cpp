// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>

#include <ATen/DeviceAccelerator.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/detail/MPSHooksInterface.h>
#include <torch/version.h>

#include <da3/error.hpp>

#include <engine/cpu_allocator.hpp>
#include <engine/devices.hpp>
#include <engine/torch_errors.hpp>
#include <infer/host_memory.hpp>

namespace da3::engine {
namespace {

/// LibTorch handles one kind of accelerator a process; this is the one of `kind`, whether or not a device is
/// there.
const at::AcceleratorHooksInterface& hooks(DeviceKind kind) {
  if (kind == DeviceKind::kMps) return at::detail::getMPSHooks();
  return at::detail::getCUDAHooks();
}

[[noreturn]] void unavailable(const DeviceId& device, const std::string& reason) {
  throw Error(ErrorCode::kDeviceUnavailable, "Device " + to_string(device) + " cannot be used: " + reason);
}

std::string cuda_reason() {
  if (!hooks(DeviceKind::kCuda).isBuilt()) {
    return "LibTorch " TORCH_VERSION
           " was built without CUDA; point DA3_TORCH_DIR at a CUDA build, or use --device cpu";
  }
  const char* const visible = std::getenv("CUDA_VISIBLE_DEVICES");
  std::error_code ignored;
  if (!std::filesystem::exists("/proc/driver/nvidia/version", ignored) &&
      !std::filesystem::exists("/dev/dxg", ignored)) {
    return "no NVIDIA driver is loaded";
  }
  if (visible != nullptr) return "no GPU is visible (CUDA_VISIBLE_DEVICES=\"" + std::string(visible) + "\")";
  return "the driver shows no GPU that this LibTorch can use (driver too old for its CUDA version, or no "
         "permission)";
}

std::string mps_reason() {
  if (!hooks(DeviceKind::kMps).isBuilt())
    return "LibTorch " TORCH_VERSION " was built without MPS (Apple GPUs)";
  return "macOS offers no Metal GPU to this process";
}

/// Driver free memory plus what LibTorch's allocator holds unused: the next allocation can have both.
infer::MemoryState accelerator_memory(int index) {
  const auto device_index = static_cast<c10::DeviceIndex>(index);
  const auto [free, total] = at::accelerator::getMemoryInfo(device_index);
  const auto stats = at::accelerator::getDeviceStats(device_index);
  const std::int64_t unused = stats.reserved_bytes[0].current - stats.allocated_bytes[0].current;
  return {free + static_cast<std::uint64_t>(std::max<std::int64_t>(0, unused)), total};
}

/// Apple's recommendation less what is taken; the GPU shares the host's memory.
infer::MemoryState mps_memory() {
  const at::MPSHooksInterface& mps = at::detail::getMPSHooks();
  const std::uint64_t total = mps.getRecommendedMaxMemory();
  const std::uint64_t unused = mps.getDriverAllocatedMemory() - mps.getCurrentAllocatedMemory();
  const std::uint64_t taken = std::min<std::uint64_t>(mps.getCurrentAllocatedMemory(), total);
  return {std::min(total - taken, infer::host_memory().free_bytes + unused), total};
}

std::optional<std::int64_t> allocated_bytes(int index) {
  try {
    return at::accelerator::getDeviceStats(static_cast<c10::DeviceIndex>(index)).allocated_bytes[0].current;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

c10::Device to_torch(const DeviceId& device) {
  switch (device.kind) {
    case DeviceKind::kCuda:
      return {c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(device.index)};
    case DeviceKind::kMps:
      return {c10::DeviceType::MPS, static_cast<c10::DeviceIndex>(device.index)};
    case DeviceKind::kCpu:
      break;
  }
  return {c10::DeviceType::CPU};
}

int num_devices(DeviceKind kind) {
  if (kind == DeviceKind::kCpu) return 1;
  try {
    if (!hooks(kind).isAvailable()) return 0;
    return kind == DeviceKind::kMps ? 1 : hooks(kind).deviceCount();
  } catch (const std::exception&) {
    return 0;
  }
}

void check_device(const DeviceId& device) {
  const int count = num_devices(device.kind);
  if (device.index >= 0 && device.index < count) return;
  if (count == 0) unavailable(device, device.kind == DeviceKind::kMps ? mps_reason() : cuda_reason());
  unavailable(device,
              "there " +
                  std::string(count == 1 ? "is 1 device" : "are " + std::to_string(count) + " devices") +
                  " of its kind, numbered from 0");
}

infer::MemoryState device_memory(const DeviceId& device) {
  if (device.kind == DeviceKind::kCpu) return infer::host_memory();
  check_device(device);
  try {
    return device.kind == DeviceKind::kMps ? mps_memory() : accelerator_memory(device.index);
  } catch (const std::exception& error) {
    throw translate(error, ErrorCode::kDeviceUnavailable, "Asking " + to_string(device) + " for its memory");
  }
}

void synchronize(const DeviceId& device) {
  if (device.kind == DeviceKind::kCpu) return;
  at::accelerator::synchronizeDevice(static_cast<c10::DeviceIndex>(device.index));
}

void empty_cache(const DeviceId& device) {
  try {
    if (device.kind == DeviceKind::kCpu) {
      empty_cpu_cache();
    } else if (device.kind == DeviceKind::kMps) {
      at::detail::getMPSHooks().emptyCache();
    } else {
      at::accelerator::emptyCache();
    }
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
  start_bytes_ = allocated_bytes(device.index);
  if (start_bytes_) at::accelerator::resetPeakStats(static_cast<c10::DeviceIndex>(device.index));
}

PeakMeter::~PeakMeter() = default;

std::optional<std::uint64_t> PeakMeter::peak_bytes() const {
  if (cpu_) return cpu_->peak_bytes();
  if (!start_bytes_) return std::nullopt;
  const auto stats = at::accelerator::getDeviceStats(static_cast<c10::DeviceIndex>(device_.index));
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, stats.allocated_bytes[0].peak - *start_bytes_));
}

}  // namespace da3::engine
