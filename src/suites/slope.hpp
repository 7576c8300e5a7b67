// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>

namespace da3::suites {

/// The slope of a straight line through points, by least squares.
class Slope {
 public:
  void add(double x, double y) {
    ++count_;
    sum_x_ += x;
    sum_y_ += y;
    sum_xx_ += x * x;
    sum_xy_ += x * y;
  }
  std::size_t count() const { return count_; }
  double mean() const { return sum_y_ / static_cast<double>(count_); }
  /// Not a number with fewer than two different x.
  double value() const {
    const auto n = static_cast<double>(count_);
    const double spread = n * sum_xx_ - sum_x_ * sum_x_;
    if (count_ < 2 || !(spread > 0)) return std::numeric_limits<double>::quiet_NaN();
    return (n * sum_xy_ - sum_x_ * sum_y_) / spread;
  }

 private:
  std::size_t count_ = 0;
  double sum_x_ = 0;
  double sum_y_ = 0;
  double sum_xx_ = 0;
  double sum_xy_ = 0;
};

}  // namespace da3::suites
