// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <predict/depth_model.hpp>

#include <da3/device.hpp>
#include <da3/model_cache.hpp>

namespace da3::predict {

/// What makes two loaded models the same.
struct ModelKey {
  std::string identity;  ///< ModelSpec::sha256
  DeviceId device;
  Precision precision = Precision::kFp32;
  Attention attention = Attention::kSdpa;

  auto operator<=>(const ModelKey&) const = default;
};

/// A model and the memory that it takes while loaded.
struct LoadedModel {
  std::shared_ptr<DepthModel> model;
  std::uint64_t bytes = 0;
};

/// Loaded models by key. The same model is loaded once, however many threads ask for it at a time; a load
/// that failed is tried again by the next call. Above the bound those least recently used go, but never one
/// that is in use, so that the bound holds for what is idle. It belongs to whoever made it: nothing is kept
/// or destroyed at process exit that its owner does not. Threads: any.
class ModelCache {
 public:
  using Loader = std::function<LoadedModel()>;

  explicit ModelCache(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}
  ModelCache(const ModelCache&) = delete;
  ModelCache& operator=(const ModelCache&) = delete;

  /// The model of `key`, loaded by `load` if it is not there. `expected_bytes`: room that is made before
  /// loading, so that an old and a new model need not be held at once. Lifetime: the caller's pointer keeps
  /// the model in use. Throws: what `load` throws; every call that waited for this load gets the same.
  std::shared_ptr<DepthModel> get(const ModelKey& key, const Loader& load, std::uint64_t expected_bytes = 0);

  /// Removes all models that are not in use.
  void trim();

  ModelCacheStatistics statistics() const;

 private:
  struct Entry {
    bool loading = true;
    LoadedModel loaded;
    std::exception_ptr error;
    std::uint64_t last_use = 0;
  };
  using Models = std::vector<std::shared_ptr<DepthModel>>;

  std::shared_ptr<DepthModel> wait_locked(std::unique_lock<std::mutex>& lock, std::shared_ptr<Entry> entry);
  /// Takes out idle models until `needed` bytes more would be within the bound. The caller destroys them
  /// without the lock: that can take long.
  Models evict_locked(std::uint64_t needed, std::uint64_t bound);

  const std::uint64_t max_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable loaded_;
  std::map<ModelKey, std::shared_ptr<Entry>> entries_;
  std::uint64_t clock_ = 0;  ///< Counts uses
  std::uint64_t bytes_ = 0;
  ModelCacheStatistics statistics_;
};

}  // namespace da3::predict
