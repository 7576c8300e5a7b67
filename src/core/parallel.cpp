// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <exception>
#include <system_error>

#include <core/parallel.hpp>

namespace da3::core {

Team::Team(int threads) {
  try {
    for (int i = 1; i < threads; ++i) helpers_.emplace_back([this] { help(); });
  } catch (const std::system_error&) {
    // The system gives no more threads: those that there are do the work.
  }
}

Team::~Team() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  wanted_.notify_all();
}

void Team::help() {
  std::size_t last_round = 0;
  std::unique_lock lock(mutex_);
  for (;;) {
    wanted_.wait(lock, [&] { return ends_ || (work_ != nullptr && round_ != last_round); });
    if (ends_) return;
    last_round = round_;
    const std::function<void()>& work = *work_;
    ++helping_;
    lock.unlock();
    work();
    lock.lock();
    if (--helping_ == 0) left_.notify_one();
  }
}

void Team::for_each(std::size_t count, const std::function<void(std::size_t)>& work) {
  if (count == 0) return;
  std::vector<std::exception_ptr> errors(count);
  std::atomic<std::size_t> next{1};
  const auto run = [&](std::size_t i) {
    try {
      work(i);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  };
  const std::function<void()> run_rest = [&] {
    for (std::size_t i = next++; i < count; i = next++) run(i);
  };
  if (count > 1 && !helpers_.empty()) {
    {
      const std::lock_guard lock(mutex_);
      work_ = &run_rest;
      ++round_;
    }
    wanted_.notify_all();
  }
  run(0);
  run_rest();
  {
    // A helper that did not come yet is not waited for.
    std::unique_lock lock(mutex_);
    work_ = nullptr;
    left_.wait(lock, [&] { return helping_ == 0; });
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

void for_each_parallel(std::size_t count, int threads, const std::function<void(std::size_t)>& work) {
  const auto most = static_cast<std::size_t>(std::max(1, threads));
  Team(static_cast<int>(std::min(count, most))).for_each(count, work);
}

}  // namespace da3::core
