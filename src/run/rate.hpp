// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <utility>

namespace da3::run {

/// Images a second over the last ten seconds. Times are handed in, so that it is tested without a clock.
class RateMeter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Counts `images` finished at `now`, which never goes back.
  void add(Time now, std::size_t images);
  /// Images a second at `now`; 0 before the second event. `start` bounds the time at the beginning of a run.
  double per_second(Time now, Time start) const;

 private:
  std::deque<std::pair<Time, std::size_t>> events_;
};

}  // namespace da3::run
