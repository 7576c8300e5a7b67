// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <deque>
#include <memory>

#include <ATen/ATen.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <engine/layer_parts.hpp>

namespace da3::engine {
namespace {

/// Keeps its time, unlike LibTorch's default.
c10::Event timed_event(const c10::Device& device) {
  return {device.type(), c10::EventFlag::BACKEND_DEFAULT};
}

class StreamTransfers final : public Transfers {
 public:
  explicit StreamTransfers(const c10::Device& device)
      : device_(device),
        guard_(device.type()),
        up_(guard_.getStreamFromGlobalPool(device)),
        down_(guard_.getStreamFromGlobalPool(device)) {}

  at::Tensor host_tensor(at::IntArrayRef sizes, at::ScalarType type) override {
    return at::empty(sizes, at::TensorOptions().dtype(type).pinned_memory(true));
  }

  at::Tensor upload(const at::Tensor& host) override {
    // Taken on the stream of the copy: memory that the work in flight has just let go would have to be waited
    // for.
    const c10::StreamGuard on_stream(up_);
    upload_start_.record(up_);
    at::Tensor device = at::empty(host.sizes(), host.options().device(device_).pinned_memory(false));
    device.copy_(host, /*non_blocking=*/true);
    upload_end_.record(up_);
    uploaded_ = device;
    return device;
  }

  void before_work() override {
    if (!uploaded_.defined()) return;
    const c10::Stream work = guard_.getStream(device_);
    upload_end_.block(work);
    // Nobody may write there before the work is done, even if the tensor is gone by then.
    uploaded_.record_stream(work);
    uploaded_.reset();
    uploading_ = true;
  }

  at::Tensor download(const at::Tensor& device) override {
    const c10::Stream work = guard_.getStream(device_);
    computed_.record(work);
    computed_.block(down_);
    at::Tensor host = host_tensor(device.sizes(), device.scalar_type());
    const c10::StreamGuard on_stream(down_);
    if (!downloading_) download_start_.record(down_);
    downloading_ = true;
    host.copy_(device, /*non_blocking=*/true);
    device.record_stream(down_);
    download_end_.record(down_);
    return host;
  }

  void wait() override {
    if (uploading_) upload_end_.synchronize();
    if (downloading_) download_end_.synchronize();
    upload_ms_ = uploading_ ? std::optional(upload_start_.elapsedTime(upload_end_)) : std::nullopt;
    download_ms_ = downloading_ ? std::optional(download_start_.elapsedTime(download_end_)) : std::nullopt;
    uploading_ = downloading_ = false;
  }

  std::optional<double> upload_ms() override { return upload_ms_; }
  std::optional<double> download_ms() override { return download_ms_; }

 private:
  c10::Device device_;
  c10::impl::VirtualGuardImpl guard_;
  c10::Stream up_;
  c10::Stream down_;
  c10::Event upload_start_ = timed_event(device_);
  c10::Event upload_end_ = timed_event(device_);
  c10::Event computed_ = timed_event(device_);
  c10::Event download_start_ = timed_event(device_);
  c10::Event download_end_ = timed_event(device_);
  at::Tensor uploaded_;
  bool uploading_ = false;
  bool downloading_ = false;
  std::optional<double> upload_ms_;
  std::optional<double> download_ms_;
};

class EventStopwatch final : public Stopwatch {
 public:
  explicit EventStopwatch(const c10::Device& device) : device_(device), guard_(device.type()) {}

  void mark() override {
    if (used_ == events_.size()) events_.push_back(timed_event(device_));
    events_[used_++].record(guard_.getStream(device_));
  }

  std::vector<double> laps_ms() override {
    std::vector<double> laps;
    for (std::size_t i = 1; i < used_; ++i) laps.push_back(events_[i - 1].elapsedTime(events_[i]));
    used_ = 0;
    return laps;
  }

 private:
  c10::Device device_;
  c10::impl::VirtualGuardImpl guard_;
  std::deque<c10::Event> events_;
  std::size_t used_ = 0;
};

}  // namespace

std::unique_ptr<Transfers> make_stream_transfers(const c10::Device& device) {
  return std::make_unique<StreamTransfers>(device);
}

std::unique_ptr<Stopwatch> make_event_stopwatch(const c10::Device& device) {
  return std::make_unique<EventStopwatch>(device);
}

}  // namespace da3::engine
