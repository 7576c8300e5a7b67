// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

// Every statistic that `da3 bench` reports, defined once (docs/benchmarks.md repeats the definitions).
namespace da3::bench {

/// Timed runs, round by round. Rounds may differ in length.
using Rounds = std::vector<std::vector<double>>;

struct Interval {
  double low = 0;
  double high = 0;
};

/// Below it no interval of values covers the median with 95 %: least and greatest of n do with 1 - 2^(1 - n).
inline constexpr std::size_t kFewestForInterval = 6;

/// Null where the number of values does not allow the statistic. Values that are not finite are counted and
/// left out.
struct Summary {
  std::size_t n = 0;  ///< Finite values
  std::size_t non_finite = 0;
  std::optional<double> median;
  std::optional<double> mean;
  std::optional<double> stdev;  ///< Of the sample, divided by n - 1; null under n = 2
  std::optional<double> iqr;    ///< Third quartile less first
  std::optional<double> min;
  std::optional<double> max;
  std::optional<double> p90;
  std::optional<double> p99;     ///< Null under n = 100
  std::optional<Interval> ci95;  ///< Of the median, by bootstrap over rounds; null under n = 6
};

/// The finite values of all rounds, ascending.
std::vector<double> sorted_values(const Rounds& rounds);

/// The q-quantile of ascending values: linear interpolation at position q * (n - 1) (type 7 of Hyndman and
/// Fan, 1996, as numpy and R do by default). Range: q in 0..1. Throws: Error kInternal for no values.
double quantile(std::span<const double> ascending, double q);

Summary summarize(const Rounds& rounds);

/// A statistic of ascending values, such as the median.
using Statistic = std::function<double(std::span<const double>)>;

/// Whether round i of both sides ran side by side, so that they share the machine's drift.
enum class Pairing { kByRound, kIndependent };

struct Ratio {
  double value = 0;              ///< Statistic of `now` over that of `base`; above 1 is more
  std::optional<Interval> ci95;  ///< By bootstrap over rounds; null where a side has one value
  /// Whether the interval leaves 1 out. Without an interval nothing is shown.
  bool shows_difference() const { return ci95 && (ci95->low > 1 || ci95->high < 1); }
};

/// The ratio of `statistic` (none: the median). Null if a side has no value, or one that is not positive.
std::optional<Ratio> ratio_of(const Rounds& base, const Rounds& now, Pairing pairing,
                              const Statistic& statistic = {});

/// The probability, if the true ratio were `limit`, of rounds as far above it as these: Yuen's one-sided t
/// test on the logarithms of each round's `statistic` (none: the median), paired by round, or of two samples.
/// From five rounds on a fifth of them is trimmed at each end; below it is Student's or Welch's. Null when
/// a side has fewer than two rounds, or a value that is not positive: nothing can be shown.
std::optional<double> p_ratio_above(const Rounds& base, const Rounds& now, double limit, Pairing pairing,
                                    const Statistic& statistic = {});

/// P(T > t) of Student's distribution. Range: degrees > 0.
double student_upper_tail(double t, double degrees);

/// Holm's step-down adjustment: compare each with the level wanted for the whole family.
std::vector<double> holm_adjust(std::span<const double> p_values);

}  // namespace da3::bench
