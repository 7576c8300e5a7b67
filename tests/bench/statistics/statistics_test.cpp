// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <bench/statistics/statistics.hpp>

namespace da3::bench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Statistics, NoValuesGiveNoStatistic) {
  const Summary summary = summarize({});
  EXPECT_EQ(summary.n, 0U);
  EXPECT_FALSE(summary.median || summary.mean || summary.stdev || summary.iqr || summary.min || summary.max ||
               summary.p90 || summary.p99 || summary.ci95);
}

TEST(Statistics, OneValueHasNoSpread) {
  const Summary summary = summarize({{7.0}});
  EXPECT_EQ(summary.n, 1U);
  EXPECT_EQ(summary.median, 7.0);
  EXPECT_EQ(summary.mean, 7.0);
  EXPECT_EQ(summary.iqr, 0.0);
  EXPECT_EQ(summary.p90, 7.0);
  EXPECT_FALSE(summary.stdev);
  EXPECT_FALSE(summary.ci95);
}

TEST(Statistics, TwoValuesMatchHandComputation) {
  const Summary summary = summarize({{4.0}, {2.0}});
  EXPECT_EQ(summary.median, 3.0);
  EXPECT_EQ(summary.mean, 3.0);
  EXPECT_DOUBLE_EQ(*summary.stdev, std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(*summary.iqr, 1.0);  // quartiles at positions 0.25 and 0.75: 2.5 and 3.5
  EXPECT_DOUBLE_EQ(*summary.p90, 3.8);  // position 0.9
  EXPECT_EQ(summary.min, 2.0);
  EXPECT_EQ(summary.max, 4.0);
  EXPECT_FALSE(summary.ci95);
}

TEST(Statistics, TiesHaveNoSpread) {
  const Summary summary = summarize({{5, 5, 5}, {5, 5}});
  EXPECT_EQ(summary.n, 5U);
  EXPECT_EQ(summary.stdev, 0.0);
  EXPECT_EQ(summary.iqr, 0.0);
  EXPECT_FALSE(summary.ci95);
  const Summary six = summarize({{5, 5, 5}, {5, 5, 5}});
  EXPECT_EQ(six.ci95->low, 5.0);
  EXPECT_EQ(six.ci95->high, 5.0);
}

TEST(Statistics, FewerThanSixValuesHaveNoIntervalOfTheMedian) {
  // Least and greatest of n independent values miss the median with 2 * 2^-n: 6.25 % of five, 3.1 % of six.
  EXPECT_FALSE(summarize({{1}, {2}, {3}, {4}, {5}}).ci95);
  EXPECT_TRUE(summarize({{1}, {2}, {3}, {4}, {5}, {6}}).ci95);
}

TEST(Statistics, FiveValuesMatchHandComputation) {
  const Summary summary = summarize({{10, 1}, {3, 2}, {4}});
  EXPECT_EQ(summary.median, 3.0);
  EXPECT_EQ(summary.mean, 4.0);
  EXPECT_DOUBLE_EQ(*summary.stdev, std::sqrt(50.0 / 4.0));
  EXPECT_DOUBLE_EQ(*summary.iqr, 2.0);  // 4 less 2
  EXPECT_DOUBLE_EQ(*summary.p90, 7.6);  // position 3.6 between 4 and 10
}

TEST(Statistics, ValuesThatAreNotFiniteAreCountedAndLeftOut) {
  const Summary summary = summarize({{1, kNan}, {3, kInfinity, -kInfinity}});
  EXPECT_EQ(summary.n, 2U);
  EXPECT_EQ(summary.non_finite, 3U);
  EXPECT_EQ(summary.mean, 2.0);
  const Summary more = summarize({{1, kNan, 2, 3}, {3, kInfinity, 4, 5, -kInfinity}});
  EXPECT_TRUE(std::isfinite(more.ci95->low) && std::isfinite(more.ci95->high));
}

TEST(Statistics, P99NeedsAHundredValues) {
  std::vector<double> values(99, 1.0);
  EXPECT_FALSE(summarize({values}).p99);
  values.push_back(2.0);
  EXPECT_NEAR(*summarize({values}).p99, 1.01, 1e-12);  // position 98.01 between 1 and 2
}

TEST(Statistics, QuantileOfNothingIsABug) {
  EXPECT_THROW(quantile({}, 0.5), Error);
}

TEST(Statistics, IntervalIsTheSameEveryTime) {
  const Rounds rounds{{100, 103}, {98, 99}, {110, 101}};
  const Summary a = summarize(rounds);
  const Summary b = summarize(rounds);
  EXPECT_EQ(a.ci95->low, b.ci95->low);
  EXPECT_EQ(a.ci95->high, b.ci95->high);
  EXPECT_LE(a.ci95->low, *a.median);
  EXPECT_GE(a.ci95->high, *a.median);
  EXPECT_LT(a.ci95->low, a.ci95->high);
}

TEST(Statistics, RatioOfSteadyRoundsIsExact) {
  const auto ratio = ratio_of({{10}, {10}, {10}}, {{12}, {12}, {12}}, Pairing::kIndependent);
  ASSERT_TRUE(ratio && ratio->ci95);
  EXPECT_DOUBLE_EQ(ratio->value, 1.2);
  EXPECT_DOUBLE_EQ(ratio->ci95->low, 1.2);
  EXPECT_TRUE(ratio->shows_difference());
}

TEST(Statistics, PairedRatioIgnoresDriftThatBothSidesShare) {
  const Rounds base{{10}, {20}, {30}, {40}};
  const Rounds slower{{11}, {22}, {33}, {44}};
  const auto paired = ratio_of(base, slower, Pairing::kByRound);
  const auto apart = ratio_of(base, slower, Pairing::kIndependent);
  EXPECT_NEAR(paired->ci95->low, 1.1, 1e-9);
  EXPECT_NEAR(paired->ci95->high, 1.1, 1e-9);
  EXPECT_TRUE(paired->shows_difference());
  EXPECT_FALSE(apart->shows_difference());
}

TEST(Statistics, RatioNeedsPositiveValuesOnBothSides) {
  EXPECT_FALSE(ratio_of({}, {{1}}, Pairing::kIndependent));
  EXPECT_FALSE(ratio_of({{0}, {1}}, {{1}}, Pairing::kIndependent));
  const auto single = ratio_of({{2}}, {{4}}, Pairing::kIndependent);
  EXPECT_EQ(single->value, 2.0);
  EXPECT_FALSE(single->ci95);
  EXPECT_FALSE(single->shows_difference());
}

TEST(Statistics, StudentTailsMatchPrintedTables) {
  EXPECT_NEAR(student_upper_tail(2.776445, 4), 0.025, 1e-6);
  EXPECT_NEAR(student_upper_tail(12.706205, 1), 0.025, 1e-6);
  EXPECT_NEAR(student_upper_tail(-1.812461, 10), 0.95, 1e-6);
  EXPECT_DOUBLE_EQ(student_upper_tail(0, 7), 0.5);
}

TEST(Statistics, PValueFollowsFromTheTTest) {
  // Logarithms of the paired ratios are 0.1, 0.2, 0.3: mean 0.2, standard error 0.1 / sqrt(3), t = 2 sqrt(3),
  // 2 degrees.
  const Rounds base{{1}, {1}, {1}};
  const Rounds now{{std::exp(0.1)}, {std::exp(0.2)}, {std::exp(0.3)}};
  EXPECT_NEAR(p_ratio_above(base, now, 1.0, Pairing::kByRound).value(),
              student_upper_tail(2 * std::sqrt(3.0), 2), 1e-9);
  EXPECT_NEAR(p_ratio_above(base, now, std::exp(0.2), Pairing::kByRound).value(), 0.5, 1e-9);
}

TEST(Statistics, PValueOfFiveRoundsIsThatOfTheTrimmedMean) {
  // Logarithms 0, 0.1, 0.2, 0.3, 9 lose their ends: mean 0.2. Winsorised 0.1, 0.1, 0.2, 0.3, 0.3: squares
  // 0.04, variance of the mean 0.04 / (3 x 2), 2 degrees.
  const Rounds base(5, {1});
  const Rounds now{{std::exp(9.0)}, {std::exp(0.1)}, {std::exp(0.3)}, {1}, {std::exp(0.2)}};
  EXPECT_NEAR(p_ratio_above(base, now, 1.0, Pairing::kByRound).value(),
              student_upper_tail(0.2 / std::sqrt(0.04 / 6), 2), 1e-9);
}

TEST(Statistics, ABurstInOneRoundHidesNoSlowDown) {
  Rounds base(12, {100});
  Rounds now;
  for (int round = 0; round < 12; ++round) now.push_back({109.5 + 0.1 * round});
  base[10] = {170};
  EXPECT_LT(p_ratio_above(base, now, 1.05, Pairing::kByRound).value(), 1e-6);
  EXPECT_GT(p_ratio_above(now, base, 1.05, Pairing::kByRound).value(), 0.999);
}

TEST(Statistics, OneRoundShowsNothing) {
  EXPECT_FALSE(p_ratio_above({{1, 1, 1}}, {{9, 9, 9}}, 1.0, Pairing::kByRound));
  EXPECT_FALSE(p_ratio_above({{0}, {1}}, {{9}, {9}}, 1.0, Pairing::kByRound)) << "no ratio to 0";
}

TEST(Statistics, HolmMatchesHandComputation) {
  const std::vector<double> adjusted = holm_adjust(std::vector<double>{0.01, 0.04, 0.03, 0.005});
  EXPECT_DOUBLE_EQ(adjusted[3], 0.02);  // 0.005 x 4
  EXPECT_DOUBLE_EQ(adjusted[0], 0.03);  // 0.01 x 3
  EXPECT_DOUBLE_EQ(adjusted[2], 0.06);  // 0.03 x 2
  EXPECT_DOUBLE_EQ(adjusted[1], 0.06);  // 0.04 x 1, not below the one before
  EXPECT_TRUE(holm_adjust({}).empty());
  EXPECT_EQ(holm_adjust(std::vector<double>{0.7, 0.8})[0], 1.0);
}

TEST(Statistics, TheTestTakesTheStatisticOfTheLimit) {
  // Other work on the machine: the medians of equal programs differ by a fifth, their fastest runs do not.
  const Rounds base{{100, 101, 130}, {100, 102, 140}, {100, 101, 120}};
  const Rounds now{{100, 121, 140}, {100, 122, 150}, {100, 121, 130}};
  const Statistic fastest = [](std::span<const double> values) { return values.front(); };
  EXPECT_LT(p_ratio_above(base, now, 1.05, Pairing::kByRound).value(), 0.01);
  EXPECT_GT(p_ratio_above(base, now, 1.05, Pairing::kByRound, fastest).value(), 0.9);
}

}  // namespace
}  // namespace da3::bench
