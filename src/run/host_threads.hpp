// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace da3::run {

/// A number of threads that run one function, once for each call, on whichever of them is free.
class HostThreads {
 public:
  HostThreads(int count, std::function<void()> run);
  /// Waits until every call has been run.
  ~HostThreads();
  HostThreads(const HostThreads&) = delete;
  HostThreads& operator=(const HostThreads&) = delete;

  /// Returns at once. Threads: any; the caller may hold a lock that the function takes.
  void call();

 private:
  void serve(const std::stop_token& stop);

  std::function<void()> run_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  int calls_ = 0;  ///< That no thread has begun
  std::vector<std::jthread> threads_;
};

}  // namespace da3::run
