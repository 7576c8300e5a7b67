// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <numeric>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <image/order_statistics.hpp>
#include <image/rounding.hpp>

namespace da3::image {
namespace {

using ::testing::ElementsAreArray;

TEST(FiniteRange, IsThatOfTheFiniteValues) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(finite_range({}), std::nullopt);
  EXPECT_EQ(finite_range(std::vector<float>{kNone, kInfinity, -kInfinity}), std::nullopt);
  EXPECT_EQ(finite_range(std::vector<float>{kNone, 2.5F, -kInfinity}), std::pair(2.5F, 2.5F));
  EXPECT_EQ(finite_range(std::vector<float>{-3.0F, kInfinity, 7.0F, -0.5F}), std::pair(-3.0F, 7.0F));
}

TEST(RankFinder, FindsEveryRankOfAnyNumberOfValues) {
  std::mt19937 random(3);
  // Close to one another, so that many share the upper half of their bits, with ties and with what is no
  // number.
  std::normal_distribution<float> near(1.0F, 0.004F);
  for (std::size_t size = 1; size <= 200; ++size) {
    std::vector<float> values;
    for (std::size_t i = 0; i < size; ++i) {
      const auto kind = random() % 8;
      values.push_back(kind == 0   ? std::numeric_limits<float>::quiet_NaN()
                       : kind == 1 ? -std::numeric_limits<float>::infinity()
                       : kind == 2 ? -near(random)
                       : kind == 3 ? 1.0F
                                   : near(random));
    }
    std::vector<float> sorted;
    std::ranges::copy_if(values, std::back_inserter(sorted),
                         [](float value) { return std::isfinite(value); });
    std::ranges::sort(sorted);
    const RankFinder finder(values);
    ASSERT_EQ(finder.num_finite(), sorted.size()) << size;
    std::vector<std::uint64_t> ranks(sorted.size());
    std::iota(ranks.begin(), ranks.end(), std::uint64_t{0});
    EXPECT_THAT(finder.find(ranks), ElementsAreArray(sorted)) << size;
    // Alone, most blocks of values hold none of the rank's.
    for (const std::uint64_t rank : ranks)
      ASSERT_EQ(finder.find(std::span(&rank, 1)), std::vector<float>{sorted[rank]}) << size;
  }
}

TEST(RankFinder, FindsRanksOfManyValues) {
  std::mt19937 random(5);
  std::normal_distribution<float> around(0.0F, 3.0F);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const std::size_t size : {511U, 512U, 513U, 1025U, 20000U}) {
    std::vector<float> values(size);
    for (float& value : values) value = around(random);
    values[size / 2] = std::numeric_limits<float>::max();
    values[size / 3] = std::numeric_limits<float>::lowest();
    std::vector<float> sorted = values;
    std::ranges::sort(sorted);
    for (const float none : {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN(),
                             -std::numeric_limits<float>::quiet_NaN()})
      values.insert(values.begin() + static_cast<std::ptrdiff_t>(random() % values.size()), none);
    const RankFinder finder(values);
    ASSERT_EQ(finder.num_finite(), size);
    // Neither in order nor once each.
    const std::vector<std::uint64_t> ranks = {size - 1,      0,        size / 2, size / 50,
                                              size / 50 + 1, size - 2, 0,        1};
    std::vector<float> wanted;
    for (const std::uint64_t rank : ranks) wanted.push_back(sorted[rank]);
    EXPECT_EQ(finder.find(ranks), wanted) << size;
  }
}

TEST(ToByte, IsTheNearestAndOfTwoTheEvenOne) {
  for (int whole = 0; whole < 255; ++whole) {
    const auto value = static_cast<float>(whole);
    EXPECT_EQ(to_byte(value), whole);
    EXPECT_EQ(to_byte(std::nextafter(value + 0.5F, 0.0F)), whole);
    EXPECT_EQ(to_byte(value + 0.5F), whole + whole % 2);
    EXPECT_EQ(to_byte(std::nextafter(value + 0.5F, 256.0F)), whole + 1);
  }
  for (const float low : {-0.0F, -0.5F, -1.0F, -1e6F}) EXPECT_EQ(to_byte(low), 0) << low;
  for (const float high : {255.0F, 255.5F, 256.0F, 1e6F}) EXPECT_EQ(to_byte(high), 255) << high;
}

}  // namespace
}  // namespace da3::image
