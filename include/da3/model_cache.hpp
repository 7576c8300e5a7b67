// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include <da3/export.hpp>
#include <da3/model.hpp>

namespace da3 {

struct ModelCacheStatistics {
  std::uint64_t hits = 0;      ///< Includes calls that waited for another's load
  std::uint64_t misses = 0;    ///< Loads begun
  std::uint64_t failures = 0;  ///< Loads that threw; they are not kept
  std::uint64_t evictions = 0;
  std::size_t models = 0;   ///< Loaded now
  std::uint64_t bytes = 0;  ///< Of their weights
};

/// Loaded models, shared by all that ask for the same one: same weights and name, device, precision and
/// attention. However many threads ask at once, a model is loaded once. Above the bound those least recently
/// used go, but never one that a `Model` still uses.
/// Threads: any. Lifetime: models that were handed out outlive the cache.
class DA3_API ModelCache {
 public:
  /// `max_bytes`: bound on the weights that are kept, of idle models together with used ones.
  explicit ModelCache(std::uint64_t max_bytes);
  ModelCache(ModelCache&&) noexcept;
  ModelCache& operator=(ModelCache&&) noexcept;
  ~ModelCache();

  /// The model in a file, loaded if no equal one is. `options.threads` counts when it is loaded.
  /// Throws: as Model::load.
  Model get(const std::filesystem::path& file, const ModelOptions& options = {});

  /// Gives up all models that nobody uses.
  void trim();

  ModelCacheStatistics statistics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace da3
