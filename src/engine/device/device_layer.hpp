// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <predict/memory_probe.hpp>

#include <da3/device.hpp>

// What the engine needs of a kind of device, one implementation each for CPU, CUDA and MPS
// (device_layers.cpp) and, in tests, a fake accelerator. Everything here is device-neutral: no CUDA header is
// needed.
namespace da3::engine {

/// What the driver calls a GPU.
struct GpuInfo {
  std::string name;            ///< Such as "NVIDIA H100 80GB HBM3"
  int compute_capability = 0;  ///< Major * 10 + minor on CUDA, such as 90; 0 elsewhere
};

/// Bytes of a device's tensors, as LibTorch's allocator counts them.
struct AllocatorState {
  std::int64_t allocated_bytes = 0;
  std::int64_t reserved_bytes = 0;  ///< Taken from the driver: allocated and kept for reuse
  std::int64_t peak_bytes = 0;      ///< Highest allocated_bytes since reset_peak
};

/// Copies between host and device for one request at a time, during the device's other work where it can.
/// Threads: one at a time.
class Transfers {
 public:
  virtual ~Transfers() = default;
  /// An uninitialised tensor of the host from which `upload` need not wait.
  virtual at::Tensor host_tensor(at::IntArrayRef sizes, at::ScalarType type) = 0;
  /// Queues the copy and returns where it will be. `host` must stay as it is until `wait`.
  virtual at::Tensor upload(const at::Tensor& host) = 0;
  /// Work that this thread queues from now on finds what was uploaded.
  virtual void before_work() = 0;
  /// The tensor on the host, behind all work that this thread has queued; to be read after `wait`.
  virtual at::Tensor download(const at::Tensor& device) = 0;
  /// Returns when the copies are done. Throws: what the device's work failed with, as c10::Error.
  virtual void wait() = 0;
  /// Milliseconds that the device took for the last upload and the downloads since; none where it does not
  /// tell. To be asked after `wait`.
  virtual std::optional<double> upload_ms() { return std::nullopt; }
  virtual std::optional<double> download_ms() { return std::nullopt; }
};

/// Points in the work that a thread queues, and the time between them.
class Stopwatch {
 public:
  virtual ~Stopwatch() = default;
  virtual void mark() = 0;
  /// Milliseconds between neighbouring marks, which are forgotten. To be called when the work is done.
  virtual std::vector<double> laps_ms() = 0;
};

/// Work of a device that can be run again as it was recorded, without the cost of queueing each of its
/// kernels.
class Recording {
 public:
  virtual ~Recording() = default;
  /// Runs `work` once to warm up and once to record it, on a stream of its own; what is recorded reads and
  /// writes the same tensors at every replay. Memory is shared with `other`, whose results are then gone
  /// after a replay of this. Throws: what the work or the device throws; this object is of no use then, the
  /// device is.
  virtual void record(const std::function<void()>& work, const Recording* other) = 0;
  /// Queues the work on this thread's stream.
  virtual void replay() = 0;
};

/// One kind of device. Threads: any.
class DeviceLayer {
 public:
  virtual ~DeviceLayer() = default;

  /// Devices that can be used now. Never throws.
  virtual int count() const = 0;
  /// Why count() is 0.
  virtual std::string why_none() const = 0;
  /// Where the tensors of a device are.
  virtual c10::Device torch_device(int index) const = 0;
  virtual std::optional<GpuInfo> info(int index) const = 0;

  /// What the driver has free and what LibTorch holds without using it. Throws: c10::Error.
  virtual core::MemoryState memory(int index) const = 0;
  /// None where LibTorch does not count.
  virtual std::optional<AllocatorState> allocator(int index) const = 0;
  virtual void reset_peak(int index) const = 0;
  /// Gives cached memory back to the driver. Throws: c10::Error.
  virtual void empty_cache() const = 0;

  /// Returns when everything queued is done. Throws: what it failed with, as c10::Error.
  virtual void synchronize(int index) const = 0;
  /// How many requests in flight pay.
  virtual int concurrency() const = 0;
  virtual std::unique_ptr<Transfers> make_transfers(int index) const = 0;
  virtual std::unique_ptr<Stopwatch> make_stopwatch(int index) const = 0;
  /// Null where work cannot be recorded.
  virtual std::unique_ptr<Recording> make_recording(int index) const = 0;
  /// Why work cannot be recorded; empty where it can.
  virtual std::string why_no_recording() const = 0;
  /// True where an operator of the networks' tables is missing or in doubt, so that they are computed on the
  /// host.
  virtual bool tables_on_host() const = 0;
};

/// The layer of a kind of device.
const DeviceLayer& device_layer(DeviceKind kind);

/// Puts another layer in a kind's place until the end of the scope. For tests; no model of that kind may be
/// alive before or after.
class DeviceLayerOverride {
 public:
  DeviceLayerOverride(DeviceKind kind, const DeviceLayer& layer);
  ~DeviceLayerOverride();
  DeviceLayerOverride(const DeviceLayerOverride&) = delete;
  DeviceLayerOverride& operator=(const DeviceLayerOverride&) = delete;

 private:
  DeviceKind kind_;
  const DeviceLayer* before_;
};

/// LibTorch's own layers (device_layers.cpp).
const DeviceLayer& cpu_layer();
const DeviceLayer& cuda_layer();
const DeviceLayer& mps_layer();

/// Asks the CUDA driver (gpu_info.cpp); none without one.
std::optional<GpuInfo> cuda_driver_info(int index);

/// Recording through LibTorch's device-neutral graphs or, where this build has it, CUDA's
/// (graph_recording.cpp). Null where neither is there.
std::unique_ptr<Recording> make_graph_recording(const c10::Device& device);
/// Why make_graph_recording gives null for a kind of device; empty where it does not.
std::string why_no_graph_recording(c10::DeviceType type);

}  // namespace da3::engine
