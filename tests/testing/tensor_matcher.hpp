// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace da3::testing {

/// Values with their shape, row-major.
struct TensorRef {
  std::string type;  ///< Such as "<f4"
  std::vector<std::int64_t> shape;
  std::span<const float> values;
};

/// |actual - expected| <= absolute + relative * |expected|, element by element.
struct Tolerance {
  double relative = 0;
  double absolute = 0;
};

/// Largest difference of two tensors: as the share of what is allowed, and by itself.
struct Difference {
  double of_allowed = 0;  ///< Infinite where a value is not finite
  double relative = 0;
  double absolute = 0;
  std::int64_t worst = -1;  ///< Row-major index of the worst element
};

inline Difference difference(std::span<const float> actual, std::span<const float> expected,
                             Tolerance tolerance) {
  Difference result;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double distance = std::abs(static_cast<double>(actual[i]) - expected[i]);
    const double size = std::abs(static_cast<double>(expected[i]));
    const double allowed = tolerance.absolute + tolerance.relative * size;
    double share = distance == 0 ? 0 : distance / allowed;
    if (!std::isfinite(actual[i]) || !std::isfinite(expected[i]))
      share = std::numeric_limits<double>::infinity();
    result.absolute = std::max(result.absolute, distance);
    result.relative = std::max(result.relative, size > 0 ? distance / size : 0.0);
    if (share > result.of_allowed || result.worst < 0) {
      result.of_allowed = share;
      result.worst = static_cast<std::int64_t>(i);
    }
  }
  return result;
}

inline std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::ostringstream text;
  text << "(";
  for (std::size_t i = 0; i < shape.size(); ++i) text << (i == 0 ? "" : ", ") << shape[i];
  text << ")";
  return text.str();
}

/// Success if type and shape are equal, there is at least one value, all are finite and all are within
/// `tolerance`.
inline ::testing::AssertionResult tensors_match(const TensorRef& actual, const TensorRef& expected,
                                                Tolerance tolerance) {
  if (actual.type != expected.type) {
    return ::testing::AssertionFailure() << "type " << actual.type << ", expected " << expected.type;
  }
  if (actual.shape != expected.shape || actual.values.size() != expected.values.size()) {
    return ::testing::AssertionFailure()
           << "shape " << shape_text(actual.shape) << ", expected " << shape_text(expected.shape);
  }
  if (expected.values.empty())
    return ::testing::AssertionFailure() << "nothing to compare: the tensors are empty";
  const Difference worst = difference(actual.values, expected.values, tolerance);
  if (worst.of_allowed <= 1.0) return ::testing::AssertionSuccess() << "worst relative " << worst.relative;
  std::vector<std::int64_t> index(expected.shape.size());
  std::int64_t rest = worst.worst;
  for (std::size_t i = index.size(); i-- > 0; rest /= expected.shape[i]) index[i] = rest % expected.shape[i];
  const auto at = static_cast<std::size_t>(worst.worst);
  return ::testing::AssertionFailure()
         << "worst at " << shape_text(index) << ": " << actual.values[at] << ", expected "
         << expected.values[at] << " (" << worst.of_allowed << " times what is allowed; largest difference "
         << worst.absolute << ")";
}

}  // namespace da3::testing
