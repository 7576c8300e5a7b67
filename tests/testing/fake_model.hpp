// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <predict/depth_model.hpp>
#include <predict/memory_probe.hpp>

#include <da3/error.hpp>

namespace da3::testing {

/// Memory that tests set.
class FakeMemory : public predict::MemoryProbe {
 public:
  explicit FakeMemory(std::uint64_t free_bytes = std::uint64_t{8} << 30) : free_bytes_(free_bytes) {}
  core::MemoryState device(const DeviceId&) override { return {free_bytes_, std::uint64_t{16} << 30}; }
  core::MemoryState host() override { return {free_bytes_, std::uint64_t{16} << 30}; }
  void set_free(std::uint64_t bytes) { free_bytes_ = bytes; }
  std::uint64_t free() const { return free_bytes_; }

 private:
  std::atomic<std::uint64_t> free_bytes_;
};

/// A model without a network: the depth of a pixel is 1 + (R + 256 G + 65536 B) / 1000 of its picture, so
/// that a test can tell whose depth it sees. Threads: any.
class FakeModel : public predict::DepthModel {
 public:
  /// How many bytes a forward of `batch` pictures of `size` takes.
  using Appetite = std::function<std::uint64_t(int batch, Size size)>;

  FakeModel() {
    spec_.name = "fake";
    spec_.sha256 = std::string(64, 'f');
    spec_.process_res = 56;
    spec_.outputs = {"depth", "depth_conf", "sky"};
    spec_.origin = WeightsOrigin::kPublished;
  }

  // Set before use.
  ModelSpec spec_;
  DeviceId device_;
  int concurrency_ = 1;
  std::chrono::microseconds delay_{0};   ///< Of every forward
  Appetite appetite_;                    ///< None: peaks are unknown
  FakeMemory* memory_ = nullptr;         ///< With an appetite: a forward that does not fit runs out of memory
  std::map<int, ErrorCode> fail_calls_;  ///< Number of a call, from 1 -> its failure
  /// A picture whose first byte is this is refused as kPredictionInvalid.
  std::optional<std::uint8_t> poison_;
  std::function<void(const predict::Request&)> on_predict_;

  const ModelSpec& spec() const override { return spec_; }
  DeviceId device() const override { return device_; }
  Precision precision() const override { return Precision::kFp32; }
  Attention attention() const override { return Attention::kSdpa; }
  void synchronize() override {}
  int concurrency() const override { return concurrency_; }

  predict::Result predict(const predict::Request& request) override {
    const int call = ++calls_;
    {
      const std::lock_guard lock(mutex_);
      batches_.push_back(request.scenes);
      threads_.insert(std::this_thread::get_id());
    }
    if (on_predict_) on_predict_(request);
    if (delay_.count() > 0) std::this_thread::sleep_for(delay_);
    if (const auto failure = fail_calls_.find(call); failure != fail_calls_.end()) {
      throw Error(failure->second, "the fake model was told to fail in call " + std::to_string(call));
    }
    predict::Result result;
    result.size = request.size;
    if (appetite_) {
      result.peak_bytes = appetite_(request.scenes, request.size);
      if (memory_ != nullptr && *result.peak_bytes > memory_->free()) {
        throw Error(ErrorCode::kOutOfMemory, "the fake model found too little memory");
      }
    }
    for (const auto& picture : request.pictures) append(picture, request, result);
    return result;
  }

  /// Pictures of each call so far.
  std::vector<int> batches() const {
    const std::lock_guard lock(mutex_);
    return batches_;
  }
  int calls() const { return calls_; }
  std::size_t num_threads() const {
    const std::lock_guard lock(mutex_);
    return threads_.size();
  }

 private:
  void append(std::span<const std::uint8_t> rgb, const predict::Request& request,
              predict::Result& result) const {
    if (poison_ && !rgb.empty() && rgb[0] == *poison_) {
      throw Error(ErrorCode::kPredictionInvalid, "the fake model does not like this picture");
    }
    for (std::size_t i = 0; i + 2 < rgb.size(); i += 3) {
      const float code = static_cast<float>(rgb[i] + 256 * rgb[i + 1] + 65536 * rgb[i + 2]);
      result.depth.push_back(1.0F + code / 1000.0F);
      if (request.wanted.confidence) result.confidence.push_back(1.5F);
      if (request.wanted.sky) result.sky.push_back(0.25F);
    }
  }

  std::atomic<int> calls_{0};
  mutable std::mutex mutex_;
  std::vector<int> batches_;
  std::set<std::thread::id> threads_;
};

}  // namespace da3::testing
