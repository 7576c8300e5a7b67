// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <suites/depth_error.hpp>
#include <suites/drawn_picture.hpp>
#include <suites/slope.hpp>

namespace da3::suites {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(DepthError, MatchesHandComputation) {
  DepthError error;
  error.add(std::vector<float>{1, 2, 4, 0, kNan}, std::vector<float>{1, 3, 3, 9, 9});
  EXPECT_EQ(error.count(), 3U);
  EXPECT_DOUBLE_EQ(error.abs_rel(), (0 + 0.5 + 0.25) / 3);
  EXPECT_DOUBLE_EQ(error.max_rel(), 0.5);
  EXPECT_DOUBLE_EQ(error.delta1(), 1.0 / 3);  // 1.5 and 1.333 are beyond 1.25
}

TEST(DepthError, PredictionsThatAreNotDepthsAreInfinitelyWrong) {
  DepthError error;
  error.add(std::vector<float>{1, 1}, std::vector<float>{1, kNan});
  EXPECT_TRUE(std::isinf(error.max_rel()));
  EXPECT_EQ(error.delta1(), 0.5);
}

TEST(DepthError, NothingToCompareIsNoNumber) {
  EXPECT_TRUE(std::isnan(DepthError().abs_rel()));
  DepthError error;
  EXPECT_THROW(error.add(std::vector<float>{1}, std::vector<float>{}), Error);
}

TEST(Slope, IsThatOfTheLine) {
  Slope slope;
  EXPECT_TRUE(std::isnan(slope.value()));
  for (const double x : {0.0, 1.0, 4.0}) slope.add(x, 3 - 2 * x);
  EXPECT_DOUBLE_EQ(slope.value(), -2);
  EXPECT_NEAR(slope.mean(), 3 - 2 * 5.0 / 3, 1e-12);
}

TEST(DrawnPicture, IsTheSameForASeedAndDiffersBetweenSeeds) {
  EXPECT_EQ(drawn_picture({20, 30}, 3).rgb, drawn_picture({20, 30}, 3).rgb);
  EXPECT_NE(drawn_picture({20, 30}, 3).rgb, drawn_picture({20, 30}, 4).rgb);
  const DrawnBatch batch({28, 42}, 3);
  EXPECT_EQ(batch.request().scenes, 3);
  EXPECT_EQ(batch.request().pictures.front().size(), 28U * 42U * 3U);
}

}  // namespace
}  // namespace da3::suites
