// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace da3::core {

/// Threads that wait for work, for what is done again and again: to start and end a thread takes up to a
/// millisecond where memory is accounted for.
class Team {
 public:
  /// A team of `threads`, that of the caller among them.
  explicit Team(int threads);
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team();

  /// Calls work(0) ... work(count - 1) on the team, work(0) on the calling thread, and rethrows the first
  /// error by number once all have ended. Threads: one at a time.
  void for_each(std::size_t count, const std::function<void(std::size_t)>& work);

 private:
  void help();

  std::mutex mutex_;
  std::condition_variable wanted_;  ///< There is work, or the end
  std::condition_variable left_;    ///< A helper has no more to do
  const std::function<void()>* work_ = nullptr;
  std::size_t round_ = 0;    ///< Number of the work, so that none helps twice
  std::size_t helping_ = 0;  ///< Helpers within the work
  bool ends_ = false;
  std::vector<std::jthread> helpers_;
};

/// Team::for_each of a team of at most `threads` that is there for this alone.
void for_each_parallel(std::size_t count, int threads, const std::function<void(std::size_t)>& work);

}  // namespace da3::core
