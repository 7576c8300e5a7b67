// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <codec/samples.hpp>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <image/colormap.hpp>
#include <image/colormap_names.hpp>
#include <image/colormap_tables.hpp>
#include <image/order_statistics.hpp>

namespace da3::testing {
namespace {

using image::render_depth;
using Pixel = std::vector<int>;

Pixel pixel(const Image& picture, std::size_t i) {
  return {picture.rgb[3 * i], picture.rgb[3 * i + 1], picture.rgb[3 * i + 2]};
}

DepthMap row_of(std::vector<float> values) {
  const Size size{1, static_cast<int>(values.size())};
  return {size, std::move(values)};
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();
const Pixel kBlack{0, 0, 0};

TEST(Colormap, HasThePublishedEnds) {
  // Nearest and farthest, from the publications (value * 255, cut off).
  const std::vector<std::pair<std::string, std::pair<Pixel, Pixel>>> ends{
      {"spectral", {{158, 1, 66}, {94, 79, 162}}}, {"turbo", {{122, 4, 2}, {48, 18, 59}}},
      {"viridis", {{253, 231, 36}, {68, 1, 84}}},  {"magma", {{251, 252, 191}, {0, 0, 3}}},
      {"inferno", {{252, 254, 164}, {0, 0, 3}}},   {"plasma", {{239, 248, 33}, {12, 7, 134}}},
      {"cividis", {{253, 231, 55}, {0, 34, 77}}},  {"grey", {{255, 255, 255}, {0, 0, 0}}}};
  EXPECT_EQ(image::kColormapNames.size(), ends.size());
  for (const auto& [name, colours] : ends) {
    const Image picture =
        render_depth(row_of({1, 10}), DepthKind::kRelative, {.colormap = name, .range = {{1, 10}}});
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(pixel(picture, 0)[c], colours.first[c], 1) << name;
      EXPECT_NEAR(pixel(picture, 1)[c], colours.second[c], 1) << name;
    }
  }
}

TEST(Colormap, ShowsNearAsWarmForEveryMapAndKind) {
  for (const std::string_view name : image::kColormapNames) {
    if (name == "grey") continue;
    for (const DepthKind kind :
         {DepthKind::kRelative, DepthKind::kInverse, DepthKind::kMetric, DepthKind::kCanonical}) {
      const DepthMap map = kind == DepthKind::kInverse ? row_of({9, 5, 1}) : row_of({1, 5, 9});
      const Image picture = render_depth(map, kind, {.colormap = std::string(name)});
      const auto warmth = [&](std::size_t i) { return pixel(picture, i)[0] - pixel(picture, i)[2]; };
      EXPECT_GT(warmth(0), warmth(2)) << name;
    }
  }
}

TEST(Colormap, ShowsPixelsWithoutValueInBlack) {
  const Image picture =
      render_depth(row_of({1, kNan, 0, -1, kInf, 2, 3}), DepthKind::kMetric, {.colormap = "viridis"});
  for (const std::size_t i : {1U, 2U, 3U, 4U}) EXPECT_EQ(pixel(picture, i), kBlack);
  for (const std::size_t i : {0U, 5U, 6U}) EXPECT_NE(pixel(picture, i), kBlack);
  const Image inverse = render_depth(row_of({-1, 0, 1, kNan}), DepthKind::kInverse, {.colormap = "viridis"});
  EXPECT_NE(pixel(inverse, 0), kBlack);
  EXPECT_NE(pixel(inverse, 1), kBlack);
  EXPECT_EQ(pixel(inverse, 3), kBlack);
}

TEST(Colormap, GivesAConstantMapTheMiddleColour) {
  const image::Table table = image::far_to_near_colours("spectral");
  const Image picture = render_depth(row_of({2, 2, 2}), DepthKind::kRelative);
  EXPECT_EQ(pixel(picture, 1), (Pixel{table[3 * 128], table[3 * 128 + 1], table[3 * 128 + 2]}));
  EXPECT_EQ(pixel(render_depth(row_of({kNan, kNan}), DepthKind::kRelative), 0), kBlack);
  EXPECT_TRUE(render_depth({}, DepthKind::kRelative).rgb.empty());
}

TEST(Colormap, ColoursInverseDepthBetweenThePercentiles) {
  DepthMap map{{10, 101}, {}};
  for (int i = 0; i < 1010; ++i)
    map.values.push_back(1.0F / static_cast<float>(i / 10 + 1));  // Inverse depth 1..101
  const Image picture = render_depth(map, DepthKind::kRelative, {.colormap = "grey"});
  EXPECT_EQ(pixel(picture, 10)[0], 0);      // Below the 2nd percentile
  EXPECT_EQ(pixel(picture, 1009)[0], 255);  // Above the 98th
  EXPECT_EQ(pixel(picture, 505)[0], 128);   // The middle
}

TEST(Colormap, TakesARangeInAnyOrderAndRefusesNonsense) {
  const DepthMap map = row_of({1, 2, 4});
  const Image picture = render_depth(map, DepthKind::kMetric, {.colormap = "grey", .range = {{4, 1}}});
  EXPECT_EQ(pixel(picture, 0)[0], 255);
  EXPECT_EQ(pixel(picture, 1)[0], 85);  // (1/2 - 1/4) / (1 - 1/4) = 1/3
  EXPECT_EQ(pixel(picture, 2)[0], 0);
  for (const auto& range :
       std::vector<std::pair<double, double>>{{0.0, 1.0}, {2.0, 2.0}, {-1.0, 3.0}, {1.0, INFINITY}}) {
    EXPECT_THROW(render_depth(map, DepthKind::kMetric, {.range = range}), Error);
  }
  EXPECT_THROW(render_depth(map, DepthKind::kMetric, {.colormap = "jet"}), Error);
}

TEST(RankFinder, FindsThoseOfTheSortedValues) {
  std::vector<float> values;
  std::uint32_t state = 7;
  for (int i = 0; i < 5000; ++i) {
    state = state * 1664525U + 1013904223U;
    values.push_back((static_cast<float>(state >> 12) / 1000.0F - 500.0F) * (i % 3 == 0 ? 1e-6F : 1.0F));
  }
  values.insert(values.end(), 100, 0.25F);
  const std::vector<std::uint64_t> ranks{0, 1, 17, 2500, 2501, 5098, 5099};
  std::vector<float> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  // What is not finite has no rank.
  values.insert(values.begin() + 100, {NAN, INFINITY, -INFINITY});
  const image::RankFinder finder(values);
  EXPECT_EQ(finder.num_finite(), sorted.size());
  const std::vector<float> found = finder.find(ranks);
  for (std::size_t i = 0; i < ranks.size(); ++i) EXPECT_EQ(found[i], sorted[ranks[i]]);
}

TEST(RankFinder, CountsValuesUpToOne) {
  const std::vector<float> values{3, -1, kNan, 0, 0x1p-128F, 0x1.8p-128F, kInf, 2, -kInf, 3};
  const image::RankFinder finder(values);
  EXPECT_EQ(finder.num_up_to(-2), 0U);
  EXPECT_EQ(finder.num_up_to(-1), 1U);
  EXPECT_EQ(finder.num_up_to(0), 2U);
  EXPECT_EQ(finder.num_up_to(0x1p-128F), 3U);
  EXPECT_EQ(finder.num_up_to(2.5F), 5U);
  EXPECT_EQ(finder.num_up_to(3), 7U);
}

/// The percentiles of the inverses themselves.
image::NearRange range_of_inverses(const DepthMap& depth) {
  std::vector<float> near;
  for (const float value : depth.values) {
    const float inverse = 1.0F / value;
    if (value > 0 && std::isfinite(value) && std::isfinite(inverse)) near.push_back(inverse);
  }
  const std::vector<double> found = image::percentiles(near, std::vector<double>{2, 98});
  return {found[0], found[1]};
}

TEST(NearRange, IsThatOfTheInversesOfValuesAboveZero) {
  std::vector<float> values;
  std::uint32_t state = 7;
  for (int i = 0; i < 5000; ++i) {
    state = state * 1664525U + 1013904223U;
    values.push_back(0.5F + static_cast<float>(state >> 12) / 1000.0F);
  }
  std::vector<float> odd = values;
  odd.insert(odd.end(), {kNan, kInf, -kInf, 0, -0.0F, -3, 0x1p-128F, 0x1p-130F, 0x1.00001p-128F, 1e-38F});
  for (const DepthMap& map :
       {row_of(values), row_of(odd), row_of({2}), row_of({1, 3}), row_of({0, kNan, -1})}) {
    const image::NearRange found = image::near_range(map, DepthKind::kMetric);
    const image::NearRange expected = range_of_inverses(map);
    EXPECT_EQ(found.far, expected.far) << map.values.size();
    EXPECT_EQ(found.near, expected.near) << map.values.size();
  }
  const image::NearRange inverse = image::near_range(row_of({-1, 0, 1, kNan}), DepthKind::kInverse);
  EXPECT_DOUBLE_EQ(inverse.far, -0.96);
  EXPECT_DOUBLE_EQ(inverse.near, 0.96);
}

TEST(Percentiles, InterpolateBetweenRanks) {
  const std::vector<double> percents{0, 2, 50, 98, 100};
  const std::vector<float> values{40, 10, 20, 30};
  const std::vector<double> found = image::percentiles(values, percents);
  EXPECT_DOUBLE_EQ(found[0], 10);
  EXPECT_DOUBLE_EQ(found[1], 10.6);
  EXPECT_DOUBLE_EQ(found[2], 25);
  EXPECT_DOUBLE_EQ(found[3], 39.4);
  EXPECT_DOUBLE_EQ(found[4], 40);
  EXPECT_EQ(image::percentiles({}, percents), std::vector<double>(5, 0.0));
  EXPECT_DOUBLE_EQ(image::percentiles(std::vector<float>{3}, percents)[1], 3);
}

TEST(PlaceOfQuantile, IsBetweenTwoRanksOfWhichTheLastHasNoNext) {
  const image::QuantilePlace place = image::place_of_quantile(0.3, 4);
  EXPECT_EQ(place.below, 0U);
  EXPECT_EQ(place.above, 1U);
  EXPECT_DOUBLE_EQ(place.fraction, 0.9);
  EXPECT_DOUBLE_EQ(place.between(10, 20), 19);
  for (const std::uint64_t count : {1U, 5U}) {
    const image::QuantilePlace last = image::place_of_quantile(1, count);
    EXPECT_EQ(last.below, count - 1);
    EXPECT_EQ(last.above, count - 1);
    EXPECT_EQ(last.fraction, 0);
  }
}

TEST(SideBySide, PutsRowsBesideEachOther) {
  const Image left{{2, 1}, {1, 1, 1, 2, 2, 2}};
  const Image right{{2, 2}, {3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6}};
  const Image both = image::side_by_side(left, right);
  EXPECT_EQ(both.size, (Size{2, 3}));
  EXPECT_EQ(both.rgb, (Bytes{1, 1, 1, 3, 3, 3, 4, 4, 4, 2, 2, 2, 5, 5, 5, 6, 6, 6}));
  EXPECT_THROW(image::side_by_side(left, sample_picture({3, 1})), Error);
}

}  // namespace
}  // namespace da3::testing
