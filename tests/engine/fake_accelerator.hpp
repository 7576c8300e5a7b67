// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include <engine/device/device_layer.hpp>
#include <engine/libtorch_setup.hpp>
#include <engine/operators/cpu_allocator.hpp>

namespace da3::engine::testing {

/// A GPU without one: tensors are the CPU's, everything else is as on a device with queues and a memory of
/// its own.
/// - Copies are done late: an upload at `before_work`, a download at `wait`. Until then the target holds
/// rubbish, so a
///   forgotten wait shows.
/// - Memory is the CPU allocator's, above what was in use at construction, below a budget; the forward that
/// passes it
///   fails as on a GPU.
/// - A recording runs its work again into the same tensors. While it is made, waiting for the device is an
/// error, as it
///   is on CUDA.
class FakeAccelerator : public DeviceLayer {
 public:
  explicit FakeAccelerator(std::uint64_t total_bytes = std::uint64_t{4} << 30) : total_bytes_(total_bytes) {
    set_up_libtorch();
    base_bytes_ = cpu_memory().in_use_bytes;
    reset_peak(0);
    take_by_others(0);
  }
  ~FakeAccelerator() override { set_cpu_memory_budget(0); }

  // Set before use.
  int devices_ = 1;
  std::string why_none_ = "the fake has no device";
  int compute_capability_ = 90;
  bool can_record_ = true;
  bool counts_peaks_ = true;
  bool tables_on_host_ = false;
  std::function<void()> on_synchronize_;  ///< May throw, as a device that failed does
  std::function<void()> on_record_;       ///< May throw, as work that cannot be recorded does

  /// Memory that other programs hold from now on.
  void take_by_others(std::uint64_t bytes) {
    others_bytes_ = bytes;
    set_cpu_memory_budget(base_bytes_ +
                          std::max<std::uint64_t>(1, total_bytes_ - std::min(bytes, total_bytes_)));
  }

  int uploads() const { return uploads_; }
  int recorded() const { return recorded_; }
  int replayed() const { return replayed_; }

  int count() const override { return devices_; }
  std::string why_none() const override { return why_none_; }
  c10::Device torch_device(int) const override { return {c10::DeviceType::CPU}; }
  std::optional<GpuInfo> info(int) const override { return GpuInfo{"Fake GPU", compute_capability_}; }
  core::MemoryState memory(int) const override {
    const std::uint64_t taken = others_bytes_ + allocated();
    return {total_bytes_ - std::min(total_bytes_, taken), total_bytes_};
  }
  std::optional<AllocatorState> allocator(int) const override {
    const auto allocated_bytes = static_cast<std::int64_t>(allocated());
    const std::lock_guard lock(mutex_);
    return AllocatorState{allocated_bytes,
                          allocated_bytes + static_cast<std::int64_t>(cpu_memory().cached_bytes),
                          counts_peaks_ ? peak_start_ + static_cast<std::int64_t>(meter_->peak_bytes()) : 0};
  }
  void reset_peak(int) const override {
    const std::lock_guard lock(mutex_);
    meter_ = std::make_unique<CpuPeakMeter>();
    peak_start_ = static_cast<std::int64_t>(allocated());
  }
  void empty_cache() const override { empty_cpu_cache(); }
  void synchronize(int) const override {
    if (recording_now_)
      throw std::runtime_error("CUDA error: operation not permitted when stream is capturing");
    if (on_synchronize_) on_synchronize_();
  }
  int concurrency() const override { return 2; }
  std::unique_ptr<Transfers> make_transfers(int) const override {
    return std::make_unique<LateCopies>(*this);
  }
  std::unique_ptr<Stopwatch> make_stopwatch(int) const override {
    return std::make_unique<CountingStopwatch>();
  }
  std::unique_ptr<Recording> make_recording(int) const override { return std::make_unique<Rerun>(*this); }
  std::string why_no_recording() const override { return can_record_ ? "" : "the fake was told not to"; }
  bool tables_on_host() const override { return tables_on_host_; }

 private:
  std::uint64_t allocated() const {
    const std::uint64_t in_use = cpu_memory().in_use_bytes;
    return in_use > base_bytes_ ? in_use - base_bytes_ : 0;
  }

  class LateCopies final : public Transfers {
   public:
    explicit LateCopies(const FakeAccelerator& fake) : fake_(fake) {}
    at::Tensor host_tensor(at::IntArrayRef sizes, at::ScalarType type) override {
      return at::empty(sizes, type);
    }
    at::Tensor upload(const at::Tensor& host) override {
      ++fake_.uploads_;
      at::Tensor device = at::empty_like(host);
      host.scalar_type() == at::kByte ? device.fill_(0xEE) : device.fill_(kRubbish);
      pending_up_.emplace_back(device, host);
      return device;
    }
    void before_work() override { finish(pending_up_); }
    at::Tensor download(const at::Tensor& device) override {
      at::Tensor host = at::full_like(device, kRubbish);
      pending_down_.emplace_back(host, device);
      return host;
    }
    void wait() override {
      fake_.synchronize(0);
      finish(pending_down_);
    }

   private:
    static constexpr float kRubbish = std::numeric_limits<float>::quiet_NaN();
    using Copies = std::vector<std::pair<at::Tensor, at::Tensor>>;
    static void finish(Copies& copies) {
      for (auto& [to, from] : copies) to.copy_(from);
      copies.clear();
    }
    const FakeAccelerator& fake_;
    Copies pending_up_;
    Copies pending_down_;
  };

  /// A millisecond a lap.
  class CountingStopwatch final : public Stopwatch {
   public:
    void mark() override { ++marks_; }
    std::vector<double> laps_ms() override {
      return std::vector<double>(std::max<std::size_t>(1, std::exchange(marks_, 0)) - 1, 1.0);
    }

   private:
    std::size_t marks_ = 0;
  };

  class Rerun final : public Recording {
   public:
    explicit Rerun(const FakeAccelerator& fake) : fake_(fake) {}
    void record(const std::function<void()>& work, const Recording*) override {
      fake_.recording_now_ = true;
      try {
        if (fake_.on_record_) fake_.on_record_();
        work();
        work();
      } catch (...) {
        fake_.recording_now_ = false;
        throw;
      }
      fake_.recording_now_ = false;
      work_ = work;
      ++fake_.recorded_;
    }
    void replay() override {
      work_();
      ++fake_.replayed_;
    }

   private:
    const FakeAccelerator& fake_;
    std::function<void()> work_;
  };

  /// Spinning at barriers on a busy machine costs more than a second thread gains in small networks.
  ThreadScope threads_{1};
  std::uint64_t total_bytes_;
  std::uint64_t base_bytes_ = 0;
  std::atomic<std::uint64_t> others_bytes_{0};
  mutable std::atomic<int> uploads_{0};
  mutable std::atomic<int> recorded_{0};
  mutable std::atomic<int> replayed_{0};
  mutable std::atomic<bool> recording_now_{false};
  mutable std::mutex mutex_;
  mutable std::unique_ptr<CpuPeakMeter> meter_;
  mutable std::int64_t peak_start_ = 0;
};

}  // namespace da3::engine::testing
