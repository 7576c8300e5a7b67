// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <video/cut_finder.hpp>
#include <video/over_time.hpp>

namespace da3::video {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

DepthMap ramp(float scale, int height = 32, int width = 40) {
  DepthMap map{{height, width}, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) map.values.push_back(scale * (1.0F + 0.1F * static_cast<float>(x + y)));
  }
  return map;
}

TEST(Eighth, IsTheMeanOfWhatHasAValue) {
  DepthMap map{{8, 9}, std::vector<float>(72, 2.0F)};
  map.values[0] = kNone;
  map.values[8] = kNone;
  for (int y = 1; y < 8; ++y) map.values[static_cast<std::size_t>(9 * y + 8)] = 4.0F;
  const DepthMap small = eighth(map);
  EXPECT_EQ(small.size, (Size{1, 2}));
  const std::vector<float>& means = small.values;
  ASSERT_EQ(means.size(), 2U);
  EXPECT_EQ(means[0], 2);
  EXPECT_EQ(means[1], 4);
}

TEST(Steadying, BringsAFrameToTheScaleOfTheOneBefore) {
  Steadying steadying;
  EXPECT_EQ(steadying.next(ramp(1), 0).factor, 1);
  const Steadied second = steadying.next(ramp(2), 0.04);
  EXPECT_NEAR(second.factor, std::exp(std::log(0.5) * std::exp(-0.04 / 10)), 1e-6);
  EXPECT_NEAR(second.spread, 0, 1e-6);
  EXPECT_FALSE(second.cut);
}

TEST(Steadying, GoesBackToTheModelsScaleInTenSeconds) {
  Steadying steadying;
  steadying.next(ramp(1), 0);
  double factor = 0;
  for (int i = 1; i <= 1000; ++i) factor = steadying.next(ramp(2), i * 0.04).factor;
  EXPECT_NEAR(std::log(factor), std::log(0.5) * std::exp(-40.0 / 10), 1e-3);
}

TEST(Steadying, ACutKeepsTheMedianAndStartsAnew) {
  Steadying steadying;
  DepthMap other = ramp(1);
  for (std::size_t i = 0; i < other.values.size(); ++i) other.values[i] = i % 640 < 320 ? 1.0F : 30.0F;
  steadying.next(ramp(3), 0);
  const Steadied cut = steadying.next(other, 0.04);
  EXPECT_TRUE(cut.cut);
  EXPECT_GT(cut.spread, 0.25);
  Steadying never(Cuts::kNone);
  never.next(ramp(3), 0);
  EXPECT_FALSE(never.next(other, 0.04).cut);
}

TEST(Steadying, AnotherSizeOfTheSamePlaceIsNoCut) {
  // One slope over the whole picture, whatever its size.
  const auto slope = [](float scale, int height, int width) {
    DepthMap map{{height, width}, {}};
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        map.values.push_back(scale * (1 + static_cast<float>(x) / static_cast<float>(width) +
                                      static_cast<float>(y) / static_cast<float>(height)));
    return map;
  };
  Steadying steadying;
  steadying.next(slope(1, 80, 160), 0);
  // As many blocks in another shape, then fewer, then the first ones again.
  double before = 1;
  for (const Size size : {Size{160, 80}, Size{40, 72}, Size{80, 160}}) {
    const Steadied other = steadying.next(slope(2, size.height, size.width), 0);
    EXPECT_FALSE(other.cut) << size.height;
    EXPECT_NEAR(other.factor, 0.5, 0.02) << size.height;
    EXPECT_LT(other.spread, 0.05) << size.height;
    before = other.factor;
  }
  DepthMap elsewhere = slope(1, 96, 64);
  for (std::size_t i = 0; i < elsewhere.values.size(); ++i) elsewhere.values[i] = i % 64 < 32 ? 1.0F : 30.0F;
  EXPECT_TRUE(steadying.next(elsewhere, 0).cut) << before;
}

TEST(Steadying, GoesOnFromItsState) {
  Steadying whole;
  whole.next(ramp(1), 0);
  whole.next(ramp(1.3F), 1);
  Steadying again;
  again.restore(whole.state());
  EXPECT_EQ(whole.next(ramp(0.7F), 2).factor, again.next(ramp(0.7F), 2).factor);
}

/// A window that moves over a field of two colours.
Image panned(int left, std::array<std::uint8_t, 3> first, std::array<std::uint8_t, 3> second) {
  Image picture{{40, 80}, {}};
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 80; ++x) {
      const auto& colour = (x + left) % 160 < 80 ? first : second;
      picture.rgb.insert(picture.rgb.end(), colour.begin(), colour.end());
    }
  }
  return picture;
}

TEST(CutFinder, CountsTheShareOfPixelsThatChangeColour) {
  const Look start = look_of(panned(0, {200, 10, 10}, {10, 10, 200}));
  EXPECT_EQ(change_between(start, start), 0);
  EXPECT_DOUBLE_EQ(change_between(start, look_of(panned(8, {200, 10, 10}, {10, 10, 200}))), 0.1);
  EXPECT_DOUBLE_EQ(change_between(start, look_of(panned(80, {200, 10, 10}, {10, 10, 200}))), 1);
}

TEST(CutFinder, TellsAnotherPlaceFromAMovingCamera) {
  CutFinder finder;
  for (int i = 0; i < 10; ++i)
    EXPECT_FALSE(finder.next(look_of(panned(8 * i, {200, 10, 10}, {10, 10, 200}))).cut) << i;
  EXPECT_FALSE(finder.next({}).cut) << "a damaged frame";
  const CutFinder::Verdict found = finder.next(look_of(panned(0, {10, 200, 10}, {120, 120, 120})));
  EXPECT_TRUE(found.cut);
  EXPECT_DOUBLE_EQ(found.change, 1);
  EXPECT_FALSE(finder.next(look_of(panned(8, {10, 200, 10}, {120, 120, 120}))).cut) << "it goes on";
}

TEST(CutFinder, ASmallChangeIsACutWhereHardlyAnythingMovesAndGoesOnFromItsState) {
  CutFinder finder;
  // A column of 80.
  for (int i = 0; i < 60; ++i) finder.next(look_of(panned(i % 2 == 0 ? 0 : 1, {9, 9, 9}, {70, 70, 70})));
  CutFinder again;
  again.restore(finder.state());
  for (CutFinder* each : {&finder, &again}) {
    EXPECT_TRUE(each->next(look_of(panned(32, {9, 9, 9}, {70, 70, 70}))).cut);
  }
  CutFinder fresh;
  fresh.next(look_of(panned(0, {9, 9, 9}, {70, 70, 70})));
  EXPECT_FALSE(fresh.next(look_of(panned(24, {9, 9, 9}, {70, 70, 70}))).cut) << "0.3: perhaps a fast camera";
}

TEST(RunningRange, MovesAtMostFivePercentASecond) {
  RunningRange range;
  range.prime(ramp(1), 1);
  const auto first = range.next(ramp(1), 1, 0, false);
  const auto second = range.next(ramp(8), 1, 1, false);
  ASSERT_TRUE(first && second);
  const double width = std::log(first->second / first->first);
  EXPECT_NEAR(std::log(second->second / first->second), 0.05 * width, 1e-9);
  const auto cut = range.next(ramp(8), 1, 2, true);
  EXPECT_GT(cut->first, 7.5) << "a cut begins anew";
}

TEST(GreyCodes, AreMillimetresOrLogarithms) {
  const DepthMap map{{1, 5}, {1.0F, 2.0F, kNone, -1.0F, 1e9F}};
  EXPECT_THAT(grey_codes(map, {.millimetres = true}), ::testing::ElementsAre(1000, 2000, 0, 0, 65535));
  const std::vector<std::uint16_t> codes = grey_codes(map, {.millimetres = false, .ref = 1});
  EXPECT_EQ(codes[0], 1 + 32767);  // 65533 / 2 rounded up
  EXPECT_EQ(codes[4], 65534);
  for (const double depth : {0.01, 0.5, 1.0, 7.3, 200.0}) {
    const GreyCode grey{false, 2.5};
    const std::uint16_t code = grey_codes({{1, 1}, {static_cast<float>(depth)}}, grey)[0];
    // As docs/video.md says how a reader has depth back.
    EXPECT_NEAR(grey.ref * std::exp2((code - 1) * 16.0 / 65533 - 8) / depth, 1, 1e-4);
  }
}

}  // namespace
}  // namespace da3::video
