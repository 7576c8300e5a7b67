// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <scene/principal.hpp>

namespace da3::scene {
namespace {

using ::testing::ElementsAre;

/// Vectors of 5 numbers around (1, 2, 3, 4, 5): widest along channels 3, then 0 and 1 together, then 2.
std::vector<float> cloud(int count) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> vectors;
  for (int i = 0; i < count; ++i) {
    const float wide = 9 * normal(random);
    const float middle = 4 * normal(random);
    vectors.insert(vectors.end(), {1 - middle, 2 - middle, 3 + 2 * normal(random), 4 - wide, 5});
  }
  return vectors;
}

TEST(PrincipalDirections, AreTheWidestOnesWithTheLargestNumberAboveZero) {
  const PrincipalDirections found = principal_directions(cloud(20000), 5);
  for (std::size_t k = 0; k < 5; ++k) EXPECT_NEAR(found.mean[k], static_cast<double>(k) + 1, 0.2);
  const double half = std::sqrt(0.5);
  const std::vector<std::vector<double>> expected = {{0, 0, 0, 1, 0}, {half, half, 0, 0, 0}, {0, 0, 1, 0, 0}};
  for (std::size_t d = 0; d < 3; ++d) {
    // Off by chance: 1 / sqrt(20000) and the ratio of the widths.
    for (std::size_t k = 0; k < 5; ++k) EXPECT_NEAR(found.directions[d][k], expected[d][k], 0.03) << d << k;
  }
}

TEST(PrincipalColours, GoFromTheTenthToTheNinetiethPercentile) {
  // One direction only: 0 to 10 along channel 1.
  std::vector<float> vectors;
  for (int i = 0; i <= 10; ++i) vectors.insert(vectors.end(), {0, static_cast<float>(i), 0});
  const std::vector<std::uint8_t> colours = principal_colours(vectors, 3);
  std::vector<int> red;
  for (std::size_t i = 0; i <= 10; ++i) red.push_back(colours[3 * i]);
  EXPECT_THAT(red, ElementsAre(0, 0, 32, 64, 96, 128, 159, 191, 223, 255, 255));
  EXPECT_EQ(colours[1], 128) << "no extent";
  EXPECT_EQ(colours[32], 128);
}

TEST(PrincipalColours, OfTwoChannelsHaveAThirdWithoutExtent) {
  const std::vector<std::uint8_t> colours = principal_colours(std::vector<float>{0, 0, 1, 3, 2, 1, 5, 5}, 2);
  ASSERT_EQ(colours.size(), 12U);
  EXPECT_EQ(colours[2], 128);
  EXPECT_EQ(colours[11], 128);
}

}  // namespace
}  // namespace da3::scene
