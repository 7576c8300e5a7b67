// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/detail/MPSHooksInterface.h>
#include <torch/version.h>

#include <core/host/host_memory.hpp>
#include <core/host/processor.hpp>
#include <engine/device/device_layer.hpp>
#include <engine/layer_parts.hpp>
#include <engine/operators/cpu_allocator.hpp>

namespace da3::engine {
namespace {

c10::DeviceIndex index_of(int index) {
  return static_cast<c10::DeviceIndex>(index);
}

/// Copies in the order of all other work.
class PlainTransfers final : public Transfers {
 public:
  PlainTransfers(const DeviceLayer& layer, int index) : layer_(layer), index_(index) {}

  at::Tensor host_tensor(at::IntArrayRef sizes, at::ScalarType type) override {
    return at::empty(sizes, type);
  }
  at::Tensor upload(const at::Tensor& host) override { return host.to(layer_.torch_device(index_)); }
  void before_work() override {}
  at::Tensor download(const at::Tensor& device) override { return device.to(at::kCPU); }
  void wait() override { layer_.synchronize(index_); }

 private:
  const DeviceLayer& layer_;
  int index_;
};

/// Waits for the device at every mark.
class WaitingStopwatch final : public Stopwatch {
 public:
  WaitingStopwatch(const DeviceLayer& layer, int index) : layer_(layer), index_(index) {}

  void mark() override {
    layer_.synchronize(index_);
    marks_.push_back(Clock::now());
  }

  std::vector<double> laps_ms() override {
    std::vector<double> laps;
    for (std::size_t i = 1; i < marks_.size(); ++i) {
      laps.push_back(std::chrono::duration<double, std::milli>(marks_[i] - marks_[i - 1]).count());
    }
    marks_.clear();
    return laps;
  }

 private:
  using Clock = std::chrono::steady_clock;
  const DeviceLayer& layer_;
  int index_;
  std::vector<Clock::time_point> marks_;
};

/// What CPU and MPS have in common: one queue, no recording.
class SimpleLayer : public DeviceLayer {
 public:
  int concurrency() const override { return 1; }
  std::unique_ptr<Transfers> make_transfers(int index) const override {
    return std::make_unique<PlainTransfers>(*this, index);
  }
  std::unique_ptr<Stopwatch> make_stopwatch(int index) const override {
    return std::make_unique<WaitingStopwatch>(*this, index);
  }
  std::unique_ptr<Recording> make_recording(int) const override { return nullptr; }
};

class CpuLayer final : public SimpleLayer {
 public:
  int count() const override { return 1; }
  std::string why_none() const override { return ""; }
  c10::Device torch_device(int) const override { return {c10::DeviceType::CPU}; }
  std::optional<GpuInfo> info(int) const override { return std::nullopt; }
  core::MemoryState memory(int) const override { return core::host_memory(); }
  std::optional<AllocatorState> allocator(int) const override { return std::nullopt; }
  void reset_peak(int) const override {}
  void empty_cache() const override { empty_cpu_cache(); }
  void synchronize(int) const override {}
  std::string why_no_recording() const override { return "work is not queued on a CPU"; }
  bool tables_on_host() const override { return false; }
};

class CudaLayer final : public DeviceLayer {
 public:
  int count() const override {
    try {
      const at::CUDAHooksInterface& cuda = at::detail::getCUDAHooks();
      return cuda.isAvailable() ? cuda.deviceCount() : 0;
    } catch (const std::exception&) {
      return 0;
    }
  }

  std::string why_none() const override {
    std::error_code ignored;
    return cuda_absence({.built = at::detail::getCUDAHooks().isBuilt(),
                         .driver = std::filesystem::exists("/proc/driver/nvidia/version", ignored) ||
                                   std::filesystem::exists("/dev/nvidiactl", ignored) ||
                                   std::filesystem::exists("/dev/dxg", ignored),
                         .visible_devices = std::getenv("CUDA_VISIBLE_DEVICES")});
  }

  c10::Device torch_device(int index) const override { return {c10::DeviceType::CUDA, index_of(index)}; }
  std::optional<GpuInfo> info(int index) const override { return cuda_driver_info(index); }

  core::MemoryState memory(int index) const override {
    wake();
    const auto [free, total] = at::accelerator::getMemoryInfo(index_of(index));
    const AllocatorState state = stats(index);
    const std::int64_t unused = std::max<std::int64_t>(0, state.reserved_bytes - state.allocated_bytes);
    return {free + static_cast<std::uint64_t>(unused), total};
  }

  std::optional<AllocatorState> allocator(int index) const override { return stats(index); }
  void reset_peak(int index) const override {
    wake();
    at::accelerator::resetPeakStats(index_of(index));
  }
  void empty_cache() const override { at::accelerator::emptyCache(); }
  void synchronize(int index) const override { at::accelerator::synchronizeDevice(index_of(index)); }
  int concurrency() const override { return 2; }
  std::unique_ptr<Transfers> make_transfers(int index) const override {
    return make_stream_transfers(torch_device(index));
  }
  std::unique_ptr<Stopwatch> make_stopwatch(int index) const override {
    return make_event_stopwatch(torch_device(index));
  }
  std::unique_ptr<Recording> make_recording(int index) const override {
    return make_graph_recording(torch_device(index));
  }
  std::string why_no_recording() const override { return why_no_graph_recording(c10::DeviceType::CUDA); }
  bool tables_on_host() const override { return false; }

 private:
  /// LibTorch's allocator knows no device before the first tensor.
  static void wake() { at::globalContext().lazyInitDevice(c10::DeviceType::CUDA); }

  static AllocatorState stats(int index) {
    wake();
    const auto all = at::accelerator::getDeviceStats(index_of(index));
    return {all.allocated_bytes[0].current, all.reserved_bytes[0].current, all.allocated_bytes[0].peak};
  }
};

class MpsLayer final : public SimpleLayer {
 public:
  int count() const override {
    try {
      return at::detail::getMPSHooks().isAvailable() ? 1 : 0;
    } catch (const std::exception&) {
      return 0;
    }
  }

  std::string why_none() const override {
    if (!at::detail::getMPSHooks().isBuilt())
      return "LibTorch " TORCH_VERSION " was built without MPS (Apple GPUs)";
    return "macOS offers no Metal GPU to this process";
  }

  c10::Device torch_device(int index) const override { return {c10::DeviceType::MPS, index_of(index)}; }
  // The GPU of an Apple chip has no separate name.
  std::optional<GpuInfo> info(int) const override { return GpuInfo{core::processor().model + " GPU", 0}; }

  core::MemoryState memory(int) const override {
    const at::MPSHooksInterface& mps = at::detail::getMPSHooks();
    return unified_memory({.recommended_bytes = mps.getRecommendedMaxMemory(),
                           .allocated_bytes = mps.getCurrentAllocatedMemory(),
                           .driver_bytes = mps.getDriverAllocatedMemory(),
                           .host_free_bytes = core::host_memory().free_bytes});
  }

  // Counted from 2.13 on.
  std::optional<AllocatorState> allocator(int index) const override {
    try {
      const auto all = at::accelerator::getDeviceStats(index_of(index));
      return AllocatorState{all.allocated_bytes[0].current, all.reserved_bytes[0].current,
                            all.allocated_bytes[0].peak};
    } catch (const std::exception&) {
      return std::nullopt;
    }
  }
  void reset_peak(int index) const override { at::accelerator::resetPeakStats(index_of(index)); }
  void empty_cache() const override { at::detail::getMPSHooks().emptyCache(); }
  void synchronize(int) const override { at::detail::getMPSHooks().deviceSynchronize(); }
  std::string why_no_recording() const override { return "Metal has no recording that LibTorch offers"; }
  // Bicubic resizing of the position embedding came late to MPS.
  bool tables_on_host() const override { return true; }
};

}  // namespace

std::string cuda_absence(const CudaAbsence& facts) {
  if (!facts.built) {
    return "LibTorch " TORCH_VERSION
           " was built without CUDA; point DA3_TORCH_DIR at a CUDA build, or use --device cpu";
  }
  if (!facts.driver) return "no NVIDIA driver is loaded";
  if (facts.visible_devices != nullptr) {
    return "no GPU is visible (CUDA_VISIBLE_DEVICES=\"" + std::string(facts.visible_devices) + "\")";
  }
  return "the driver shows no GPU that this LibTorch can use (driver too old for its CUDA version, or no "
         "permission)";
}

core::MemoryState unified_memory(const UnifiedMemory& state) {
  const std::uint64_t total = state.recommended_bytes;
  const std::uint64_t taken = std::min(state.allocated_bytes, total);
  const std::uint64_t unused =
      state.driver_bytes > state.allocated_bytes ? state.driver_bytes - state.allocated_bytes : 0;
  return {std::min(total - taken, state.host_free_bytes + unused), total};
}

const DeviceLayer& cpu_layer() {
  static const CpuLayer layer;
  return layer;
}

const DeviceLayer& cuda_layer() {
  static const CudaLayer layer;
  return layer;
}

const DeviceLayer& mps_layer() {
  static const MpsLayer layer;
  return layer;
}

}  // namespace da3::engine
