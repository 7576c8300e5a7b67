// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <da3/error.hpp>

#include <suites/measured_error.hpp>

namespace da3::suites {
namespace {

constexpr double kDelta = 1.25;

template <typename Combine>
MeasuredError combine(const MeasuredError& a, const MeasuredError& b, Combine with) {
  return {.abs_rel = with(a.abs_rel, b.abs_rel),
          .rmse_m = with(a.rmse_m, b.rmse_m),
          .log10 = with(a.log10, b.log10),
          .delta1 = with(a.delta1, b.delta1),
          .delta2 = with(a.delta2, b.delta2),
          .delta3 = with(a.delta3, b.delta3)};
}

}  // namespace

MeasuredError measured_error(std::span<const double> predicted_m, std::span<const float> measured_m) {
  if (predicted_m.size() != measured_m.size()) {
    throw Error(ErrorCode::kInternal, "depths of different lengths cannot be compared");
  }
  MeasuredError error;
  double count = 0;
  for (std::size_t i = 0; i < measured_m.size(); ++i) {
    const double r = measured_m[i];
    if (!(r > 0)) continue;
    const double d = predicted_m[i];
    ++count;
    error.abs_rel += std::abs(d - r) / r;
    error.rmse_m += (d - r) * (d - r);
    error.log10 += std::abs(std::log10(d / r));
    const double ratio = std::max(d / r, r / d);
    // A depth of 0 or below is no depth.
    if (!(d > 0)) continue;
    error.delta1 += ratio < kDelta ? 1 : 0;
    error.delta2 += ratio < kDelta * kDelta ? 1 : 0;
    error.delta3 += ratio < kDelta * kDelta * kDelta ? 1 : 0;
  }
  if (count == 0) throw Error(ErrorCode::kInternal, "no pixel was measured");
  error = combine(error, error, [count](double sum, double) { return sum / count; });
  error.rmse_m = std::sqrt(error.rmse_m);
  return error;
}

void MeanError::add(const MeasuredError& error) {
  sum_ = combine(sum_, error, [](double a, double b) { return a + b; });
  ++photos_;
}

MeasuredError MeanError::mean() const {
  const double photos = std::max<double>(1, static_cast<double>(photos_));
  return combine(sum_, sum_, [photos](double sum, double) { return sum / photos; });
}

}  // namespace da3::suites
