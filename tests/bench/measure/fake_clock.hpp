// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bench/measure/clock.hpp>

namespace da3::bench {

/// A clock that tests move by hand. Each look at it may cost time as well.
class FakeClock final : public Clock {
 public:
  Nanoseconds now() override { return time_ += tick_; }
  void advance_ms(double ms) {
    time_ += std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double, std::milli>(ms));
  }
  void tick_with_every_look(Nanoseconds tick) { tick_ = tick; }

 private:
  Nanoseconds time_{0};
  Nanoseconds tick_{0};
};

}  // namespace da3::bench
