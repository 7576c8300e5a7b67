// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <da3/error.hpp>

#include <suites/depth_error.hpp>

namespace da3::suites {

void DepthError::add(std::span<const float> reference, std::span<const float> depth) {
  if (reference.size() != depth.size()) {
    throw Error(ErrorCode::kInternal, "depths of " + std::to_string(reference.size()) + " and " +
                                          std::to_string(depth.size()) + " values cannot be compared");
  }
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double r = reference[i];
    const double d = depth[i];
    if (!std::isfinite(r) || r <= 0) continue;
    const bool valid = std::isfinite(d) && d > 0;
    const double relative = valid ? std::abs(d - r) / r : std::numeric_limits<double>::infinity();
    ++count_;
    sum_ += relative;
    largest_ = std::max(largest_, relative);
    if (valid && std::max(d / r, r / d) < 1.25) ++close_;
  }
}

double DepthError::abs_rel() const {
  return count_ == 0 ? std::numeric_limits<double>::quiet_NaN() : sum_ / static_cast<double>(count_);
}

double DepthError::delta1() const {
  return count_ == 0 ? std::numeric_limits<double>::quiet_NaN()
                     : static_cast<double>(close_) / static_cast<double>(count_);
}

}  // namespace da3::suites
