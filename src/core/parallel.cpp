// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#include <core/parallel.hpp>

namespace da3::core {

void for_each_parallel(std::size_t count, int threads, const std::function<void(std::size_t)>& work) {
  std::vector<std::exception_ptr> errors(count);
  std::atomic<std::size_t> next{1};
  const auto run = [&](std::size_t i) {
    try {
      work(i);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  };
  const auto run_rest = [&] {
    for (std::size_t i = next++; i < count; i = next++) run(i);
  };
  if (count > 0) {
    std::vector<std::jthread> helpers;
    for (std::size_t i = 1; i < std::min<std::size_t>(count, static_cast<std::size_t>(std::max(1, threads)));
         ++i)
      helpers.emplace_back(run_rest);
    run(0);
    run_rest();
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace da3::core
