// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <bench/statistics/resampling.hpp>
#include <bench/statistics/statistics.hpp>

namespace da3::bench {
namespace {

double median(std::span<const double> ascending) {
  return quantile(ascending, 0.5);
}

bool all_positive(const std::vector<double>& ascending) {
  return !ascending.empty() && ascending.front() > 0;
}

// Logarithms of the statistic of the rounds that have values.
std::vector<double> log_of_rounds(const Rounds& rounds, const Statistic& statistic) {
  std::vector<double> logs;
  for (const std::vector<double>& round : rounds) {
    const std::vector<double> values = sorted_values({round});
    if (!values.empty()) logs.push_back(std::log(statistic(values)));
  }
  return logs;
}

struct Moments {
  double mean = 0;
  double variance_of_mean = 0;
  double degrees = 0;
};

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// The share of rounds that are left out at each end: a burst of other work that met one round of one program
/// says nothing about the program.
constexpr double kTrimmed = 0.2;

/// Trimmed mean and the variance of it from the winsorised values; all of them below five values.
/// Source: Yuen, "The two-sample trimmed t for unequal population variances", Biometrika 61 (1974).
Moments moments(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto trimmed = static_cast<std::size_t>(kTrimmed * static_cast<double>(values.size()));
  const std::size_t num_kept = values.size() - 2 * trimmed;
  const auto kept = static_cast<double>(num_kept);
  const double mean = mean_of(std::span(values).subspan(trimmed, num_kept));
  const double lowest = values[trimmed];
  const double highest = values[values.size() - 1 - trimmed];
  for (double& value : values) value = std::clamp(value, lowest, highest);
  const double middle = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - middle) * (value - middle);
  return {mean, squares / (kept * (kept - 1)), kept - 1};
}

double upper_p(double difference, double variance, double degrees) {
  if (variance > 0) return student_upper_tail(difference / std::sqrt(variance), degrees);
  return difference > 0 ? 0.0 : 1.0;
}

// Continued fraction of the incomplete beta function by Lentz's method.
// Source: Press et al., Numerical Recipes, 3rd edition, 6.4.
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  constexpr int kMaxTerms = 300;
  const auto away_from_zero = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double result = d;
  for (int m = 1; m <= kMaxTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    result *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    result *= d * c;
    if (std::abs(d * c - 1) < std::numeric_limits<double>::epsilon()) break;
  }
  return result;
}

double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log(1 - x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

}  // namespace

std::optional<Ratio> ratio_of(const Rounds& base, const Rounds& now, Pairing pairing,
                              const Statistic& statistic) {
  const std::vector<double> old_values = sorted_values(base);
  const std::vector<double> new_values = sorted_values(now);
  if (!all_positive(old_values) || !all_positive(new_values)) return std::nullopt;
  const Statistic wanted = statistic ? statistic : Statistic(median);
  return Ratio{wanted(new_values) / wanted(old_values), bootstrap_ratio_interval(base, now, pairing, wanted)};
}

std::optional<double> p_ratio_above(const Rounds& base, const Rounds& now, double limit, Pairing pairing,
                                    const Statistic& statistic) {
  if (!all_positive(sorted_values(base)) || !all_positive(sorted_values(now))) return std::nullopt;
  const Statistic wanted = statistic ? statistic : Statistic(median);
  const std::vector<double> old_logs = log_of_rounds(base, wanted);
  const std::vector<double> new_logs = log_of_rounds(now, wanted);
  if (old_logs.size() < 2 || new_logs.size() < 2) return std::nullopt;
  if (pairing == Pairing::kByRound && old_logs.size() == new_logs.size()) {
    std::vector<double> differences;
    for (std::size_t i = 0; i < old_logs.size(); ++i) differences.push_back(new_logs[i] - old_logs[i]);
    const Moments m = moments(differences);
    return upper_p(m.mean - std::log(limit), m.variance_of_mean, m.degrees);
  }
  const Moments a = moments(old_logs);
  const Moments b = moments(new_logs);
  const double variance = a.variance_of_mean + b.variance_of_mean;
  // Welch and Satterthwaite's degrees of freedom.
  const double parts = a.variance_of_mean * a.variance_of_mean / a.degrees +
                       b.variance_of_mean * b.variance_of_mean / b.degrees;
  const double degrees = parts > 0 ? variance * variance / parts : a.degrees;
  return upper_p(b.mean - a.mean - std::log(limit), variance, degrees);
}

double student_upper_tail(double t, double degrees) {
  const double half = 0.5 * incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
  return t >= 0 ? half : 1 - half;
}

std::vector<double> holm_adjust(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double highest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double scaled = p_values[order[i]] * static_cast<double>(order.size() - i);
    highest = std::max(highest, std::min(1.0, scaled));
    adjusted[order[i]] = highest;
  }
  return adjusted;
}

}  // namespace da3::bench
