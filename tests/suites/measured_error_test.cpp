// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <suites/depth_alignment.hpp>
#include <suites/measured_error.hpp>

namespace da3::suites {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

constexpr double kClose = 1e-9;

TEST(MeasuredError, MatchesHandComputationAndLeavesOutPixelsWithoutDepth) {
  const std::vector<double> predicted{1.5, 2, 6, 50};
  const std::vector<float> measured{1, 2, 4, 0};
  const MeasuredError error = measured_error(predicted, measured);
  EXPECT_NEAR(error.abs_rel, (0.5 + 0 + 0.5) / 3, kClose);
  EXPECT_NEAR(error.rmse_m, std::sqrt((0.25 + 0 + 4) / 3), kClose);
  EXPECT_NEAR(error.log10, 2 * 0.17609125905568124 / 3, kClose);  // log10 1.5
  EXPECT_NEAR(error.delta1, 1.0 / 3, kClose);
  EXPECT_NEAR(error.delta2, 1.0, kClose);  // 1.5 < 1.5625
  EXPECT_NEAR(error.delta3, 1.0, kClose);
}

TEST(MeasuredError, DepthThatIsNotAboveZeroIsNearNothing) {
  const MeasuredError error = measured_error(std::vector<double>{-1, 2}, std::vector<float>{1, 2});
  EXPECT_NEAR(error.abs_rel, 1.0, kClose);
  EXPECT_NEAR(error.delta3, 0.5, kClose);
  EXPECT_FALSE(std::isfinite(error.log10));
}

TEST(MeasuredError, NothingMeasuredIsRefused) {
  EXPECT_THROW(measured_error(std::vector<double>{1}, std::vector<float>{0}), Error);
  EXPECT_THROW(measured_error(std::vector<double>{1, 2}, std::vector<float>{1}), Error);
}

TEST(MeanError, WeighsPhotosEqually) {
  MeanError mean;
  mean.add({.abs_rel = 0.1, .rmse_m = 1, .delta1 = 1});
  mean.add({.abs_rel = 0.3, .rmse_m = 3, .delta1 = 0.5});
  EXPECT_NEAR(mean.mean().abs_rel, 0.2, kClose);
  EXPECT_NEAR(mean.mean().rmse_m, 2, kClose);
  EXPECT_NEAR(mean.mean().delta1, 0.75, kClose);
}

std::vector<double> aligned(const std::vector<float>& predicted, const std::vector<float>& measured,
                            DepthKind kind, Alignment alignment) {
  return aligned_metres(predicted, measured, kind, alignment);
}

TEST(Alignment, MedianScalesByTheMedianOfMeasuredPixels) {
  // Medians of the three measured pixels: 2 and 4. The fourth pixel is scaled too.
  EXPECT_THAT(aligned({1, 2, 3, 10}, {2, 4, 7, 0}, DepthKind::kRelative, Alignment::kMedian),
              ElementsAre(2, 4, 6, 20));
  // Of an even number: the mean of the middle two, 2.5 and 5.
  EXPECT_THAT(aligned({1, 2, 3, 4}, {2, 4, 6, 8}, DepthKind::kRelative, Alignment::kMedian),
              ElementsAre(2, 4, 6, 8));
}

TEST(Alignment, LeastSquaresMatchesHandComputation) {
  // Means 1 and 7/3; covariance 3, variance 2: scale 3/2, shift 7/3 - 3/2 = 5/6.
  EXPECT_THAT(aligned({0, 1, 2, 0}, {1, 2, 4, 0}, DepthKind::kRelative, Alignment::kScaleAndShift),
              ElementsAre(DoubleNear(5.0 / 6, kClose), DoubleNear(7.0 / 3, kClose),
                          DoubleNear(23.0 / 6, kClose), DoubleNear(5.0 / 6, kClose)));
  EXPECT_THAT(aligned({1, 1}, {1, 3}, DepthKind::kRelative, Alignment::kScaleAndShift), ElementsAre(2, 2));
}

TEST(Alignment, InverseModelsAreAlignedAsInverseDepth) {
  // 1 / measured is 1/2, 1/4, 1/8 = predicted / 2.
  EXPECT_THAT(aligned({1, 0.5F, 0.25F}, {2, 4, 8}, DepthKind::kInverse, Alignment::kMedian),
              ElementsAre(2, 4, 8));
  EXPECT_THAT(aligned({3, 2.5F, 2.25F}, {2, 4, 8}, DepthKind::kInverse, Alignment::kScaleAndShift),
              ElementsAre(DoubleNear(2, 1e-6), DoubleNear(4, 1e-6), DoubleNear(8, 1e-6)));
}

TEST(Alignment, AlignedDepthStaysInFrontOfTheCameraAndInReach) {
  // The line through (2, 2) and (3, 4) gives -2 and 36 for the pixels without measured depth.
  EXPECT_THAT(aligned({2, 3, 0, 19}, {2, 4, 0, 0}, DepthKind::kRelative, Alignment::kScaleAndShift),
              ElementsAre(DoubleNear(2, kClose), DoubleNear(4, kClose), 1e-3, DoubleNear(36, kClose)));
  EXPECT_THAT(aligned({2, 3, 100}, {2, 4, 0}, DepthKind::kRelative, Alignment::kScaleAndShift).back(), 40.0);
  EXPECT_THAT(aligned({1, 0.5F, -1}, {2, 4, 0}, DepthKind::kInverse, Alignment::kMedian).back(), 40.0);
}

TEST(Alignment, MetresStayAsTheyAre) {
  EXPECT_THAT(aligned({1, 2}, {3, 4}, DepthKind::kMetric, Alignment::kNone), ElementsAre(1, 2));
}

TEST(Alignment, WhatCannotBeJudgedIsRefused) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(aligned({nan, 1}, {1, 1}, DepthKind::kMetric, Alignment::kNone), Error);
  EXPECT_THAT(aligned({nan, 1}, {0, 1}, DepthKind::kMetric, Alignment::kNone).back(), 1.0);
  EXPECT_THROW(aligned({1}, {0}, DepthKind::kMetric, Alignment::kNone), Error);
  EXPECT_THROW(aligned({-1, -2}, {1, 1}, DepthKind::kRelative, Alignment::kMedian), Error);
  EXPECT_THROW(aligned({1}, {1, 1}, DepthKind::kMetric, Alignment::kNone), Error);
}

}  // namespace
}  // namespace da3::suites
