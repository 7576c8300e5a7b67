// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace da3::image {

/// The least and the greatest finite value; none of none.
std::optional<std::pair<float, float>> finite_range(std::span<const float> values);

/// Finds finite values by the rank that they would have if they were sorted, in two passes over the values
/// whatever their number: upper halves of the keys first, then the lower halves within the few upper halves
/// that hold a rank. Exact, and independent of the order of the values. Lifetime: of the values.
class RankFinder {
 public:
  explicit RankFinder(std::span<const float> values);

  std::uint64_t num_finite() const { return num_finite_; }

  /// How many finite values are at most `most`.
  std::uint64_t num_up_to(float most) const;

  /// The values of up to 255 ranks (0-based), each less than num_finite().
  std::vector<float> find(std::span<const std::uint64_t> ranks) const;

 private:
  std::vector<std::uint32_t> count_lower(const std::vector<std::uint32_t>& bins) const;

  std::span<const float> values_;
  std::vector<std::uint32_t> upper_;
  std::uint64_t num_finite_ = 0;
};

/// A quantile of sorted values, linear between the two ranks next to it (numpy's default).
struct QuantilePlace {
  std::uint64_t below = 0;  ///< Rank, 0-based
  std::uint64_t above = 0;
  double fraction = 0;  ///< Of the way from `below` to `above`, less than 1

  /// The quantile, of the values at `below` and `above`.
  double between(double low, double high) const { return std::lerp(low, high, fraction); }
};

/// Where the quantile `share` (0 to 1) of `count` values (at least 1) is.
QuantilePlace place_of_quantile(double share, std::uint64_t count);

/// The `percent`-th percentile of finite values, linear between the two nearest ranks (numpy's default); 0 of
/// none.
std::vector<double> percentiles(std::span<const float> values, std::span<const double> percents);

}  // namespace da3::image
