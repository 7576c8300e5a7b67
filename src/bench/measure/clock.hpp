// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace da3::bench {

using Nanoseconds = std::chrono::nanoseconds;

/// Where the harness takes its time from; tests put a fake in.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Time since some fixed instant; never goes back.
  virtual Nanoseconds now() = 0;
};

/// The machine's monotonic clock.
class SteadyClock final : public Clock {
 public:
  Nanoseconds now() override { return std::chrono::steady_clock::now().time_since_epoch(); }
};

/// `time` in milliseconds.
inline double milliseconds(Nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace da3::bench
