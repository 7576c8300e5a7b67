// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <predict/model_cache.hpp>

namespace da3::predict {

std::shared_ptr<DepthModel> ModelCache::wait_locked(std::unique_lock<std::mutex>& lock,
                                                    std::shared_ptr<Entry> entry) {
  ++statistics_.hits;
  loaded_.wait(lock, [&] { return !entry->loading; });
  if (entry->error) std::rethrow_exception(entry->error);
  entry->last_use = ++clock_;
  return entry->loaded.model;
}

std::shared_ptr<DepthModel> ModelCache::get(const ModelKey& key, const Loader& load,
                                            std::uint64_t expected_bytes) {
  Models evicted;  // Destroyed after the lock is gone
  std::unique_lock lock(mutex_);
  if (const auto found = entries_.find(key); found != entries_.end()) return wait_locked(lock, found->second);

  const auto entry = std::make_shared<Entry>();
  entries_.emplace(key, entry);
  ++statistics_.misses;
  evicted = evict_locked(expected_bytes, max_bytes_);
  lock.unlock();
  evicted.clear();
  LoadedModel loaded;
  std::exception_ptr error;
  try {
    loaded = load();
  } catch (...) {
    error = std::current_exception();
  }
  lock.lock();
  entry->loading = false;
  if (error) {
    ++statistics_.failures;
    entry->error = error;
    entries_.erase(key);
    loaded_.notify_all();
    std::rethrow_exception(error);
  }
  entry->loaded = loaded;
  entry->last_use = ++clock_;
  bytes_ += loaded.bytes;
  loaded_.notify_all();
  evicted = evict_locked(0, max_bytes_);
  lock.unlock();
  return loaded.model;
}

ModelCache::Models ModelCache::evict_locked(std::uint64_t needed, std::uint64_t bound) {
  Models evicted;
  while (bytes_ + needed > bound) {
    auto oldest = entries_.end();
    for (auto each = entries_.begin(); each != entries_.end(); ++each) {
      // One use is the cache's own; nobody else can add one while the lock is held. A waiting call holds the
      // entry.
      const bool idle = !each->second->loading && each->second.use_count() == 1 &&
                        each->second->loaded.model.use_count() == 1;
      if (idle && (oldest == entries_.end() || each->second->last_use < oldest->second->last_use))
        oldest = each;
    }
    if (oldest == entries_.end()) break;
    bytes_ -= oldest->second->loaded.bytes;
    evicted.push_back(std::move(oldest->second->loaded.model));
    entries_.erase(oldest);
    ++statistics_.evictions;
  }
  return evicted;
}

void ModelCache::trim() {
  Models evicted;
  const std::lock_guard lock(mutex_);
  evicted = evict_locked(1, 0);
}

ModelCacheStatistics ModelCache::statistics() const {
  const std::lock_guard lock(mutex_);
  ModelCacheStatistics statistics = statistics_;
  for (const auto& [key, entry] : entries_) statistics.models += entry->loading ? 0 : 1;
  statistics.bytes = bytes_;
  return statistics;
}

}  // namespace da3::predict
