// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>

#include <da3/error.hpp>

#include <bench/statistics/resampling.hpp>
#include <bench/statistics/statistics.hpp>

namespace da3::bench {
namespace {

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

std::vector<double> sorted_values(const Rounds& rounds) {
  std::vector<double> values;
  for (const std::vector<double>& round : rounds) {
    std::copy_if(round.begin(), round.end(), std::back_inserter(values),
                 [](double v) { return std::isfinite(v); });
  }
  std::sort(values.begin(), values.end());
  return values;
}

double quantile(std::span<const double> ascending, double q) {
  if (ascending.empty()) throw Error(ErrorCode::kInternal, "a quantile of no values was asked for");
  const double position = q * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(position));
  const std::size_t above = std::min(below + 1, ascending.size() - 1);
  const double part = position - static_cast<double>(below);
  return ascending[below] + part * (ascending[above] - ascending[below]);
}

Summary summarize(const Rounds& rounds) {
  Summary summary;
  const std::vector<double> values = sorted_values(rounds);
  std::size_t total = 0;
  for (const std::vector<double>& round : rounds) total += round.size();
  summary.n = values.size();
  summary.non_finite = total - values.size();
  if (values.empty()) return summary;
  const double mean = mean_of(values);
  summary.median = quantile(values, 0.5);
  summary.mean = mean;
  summary.iqr = quantile(values, 0.75) - quantile(values, 0.25);
  summary.min = values.front();
  summary.max = values.back();
  summary.p90 = quantile(values, 0.9);
  if (values.size() >= 100) summary.p99 = quantile(values, 0.99);
  if (values.size() < 2) return summary;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  summary.stdev = std::sqrt(squares / static_cast<double>(values.size() - 1));
  if (values.size() < kFewestForInterval) return summary;
  summary.ci95 = bootstrap_interval(rounds, [](std::span<const double> v) { return quantile(v, 0.5); });
  return summary;
}

}  // namespace da3::bench
