// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <run/host_threads.hpp>

namespace da3::run {

HostThreads::HostThreads(int count, std::function<void()> run) : run_(std::move(run)) {
  for (int i = 0; i < count; ++i) threads_.emplace_back([this](const std::stop_token& stop) { serve(stop); });
}

HostThreads::~HostThreads() {
  threads_.clear();
}

void HostThreads::call() {
  {
    const std::lock_guard lock(mutex_);
    ++calls_;
  }
  wake_.notify_one();
}

void HostThreads::serve(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (wake_.wait(lock, stop, [this] { return calls_ > 0; })) {
    --calls_;
    lock.unlock();
    run_();
    lock.lock();
  }
}

}  // namespace da3::run
