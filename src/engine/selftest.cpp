// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include <da3/error.hpp>

#include <engine/selftest.hpp>

namespace da3::engine {
namespace {

double quantile(const std::vector<float>& sorted, double share) {
  const double rank = share * static_cast<double>(sorted.size() - 1);
  const auto lower = static_cast<std::size_t>(rank);
  const std::size_t upper = std::min(lower + 1, sorted.size() - 1);
  return std::lerp(static_cast<double>(sorted[lower]), static_cast<double>(sorted[upper]),
                   rank - static_cast<double>(lower));
}

double relative(double actual, double expected) {
  if (actual == expected) return 0;
  const double error = std::abs(actual - expected) / std::abs(expected);
  return std::isfinite(error) ? error : std::numeric_limits<double>::infinity();
}

}  // namespace

Selftest selftest_statistics(Selftest shape, std::vector<float> depth) {
  double sum = 0;
  for (const float value : depth) sum += value;
  if (depth.empty() || !std::isfinite(sum)) {
    throw Error(
        ErrorCode::kPredictionInvalid,
        "The self-test's depth is empty or holds values that are not finite; the weights are damaged");
  }
  std::sort(depth.begin(), depth.end());
  shape.mean = sum / static_cast<double>(depth.size());
  shape.p2 = quantile(depth, 0.02);
  shape.median = quantile(depth, 0.5);
  shape.p98 = quantile(depth, 0.98);
  return shape;
}

double selftest_error(const Selftest& actual, const Selftest& expected) {
  return std::max({relative(actual.mean, expected.mean), relative(actual.p2, expected.p2),
                   relative(actual.median, expected.median), relative(actual.p98, expected.p98)});
}

}  // namespace da3::engine
