// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <video/colour.hpp>

namespace da3::video {
namespace {

using ::testing::ElementsAre;

Image converted(std::uint8_t y, std::uint8_t cb, std::uint8_t cr, const char* matrix, bool full) {
  const std::array<std::uint8_t, 1> ys{y};
  const std::array<std::uint8_t, 1> cbs{cb};
  const std::array<std::uint8_t, 1> crs{cr};
  Planes planes;
  planes.size = {1, 1};
  planes.samples = {ys, cbs, crs};
  planes.weights = luma_weights(matrix);
  planes.full_range = full;
  return to_rgb(planes);
}

TEST(ToRgb, KnowsBlackWhiteAndPrimaries) {
  EXPECT_THAT(converted(16, 128, 128, "bt709", false).rgb, ElementsAre(0, 0, 0));
  EXPECT_THAT(converted(235, 128, 128, "bt709", false).rgb, ElementsAre(255, 255, 255));
  EXPECT_THAT(converted(0, 128, 128, "bt601", true).rgb, ElementsAre(0, 0, 0));
  EXPECT_THAT(converted(255, 128, 128, "bt601", true).rgb, ElementsAre(255, 255, 255));
  // Full red: BT.601 limited is 81, 90, 240; BT.709 is 63, 102, 240 (rounded).
  EXPECT_NEAR(converted(81, 90, 240, "bt601", false).rgb[0], 254, 1);
  EXPECT_NEAR(converted(63, 102, 240, "bt709", false).rgb[0], 255, 1);
  EXPECT_NEAR(converted(63, 102, 240, "bt709", false).rgb[1], 0, 2);
}

TEST(To8Bits, RoundsToTheNearest) {
  const std::array<std::uint16_t, 6> rgb{0, 128, 129, 65535, 257, 32896};
  EXPECT_THAT(to_8_bits(rgb, {1, 2}).rgb, ElementsAre(0, 0, 1, 255, 1, 128));
}

TEST(ToneMap, PutsReferenceWhiteBelowTheTopAndKeepsGreyGrey) {
  // 203 nits in PQ is a signal of 0.5807 (BT.2408), HLG reference white 0.75.
  const std::array<std::uint16_t, 6> pq{38057, 38057, 38057, 0, 0, 0};
  const Image white = tone_map(pq, {1, 2}, HdrTransfer::kPq);
  EXPECT_EQ(white.rgb[0], white.rgb[1]);
  EXPECT_EQ(white.rgb[1], white.rgb[2]);
  EXPECT_NEAR(white.rgb[0], 246, 2);  // sRGB of 0.8 + 0.2 (1 - 1/e)
  EXPECT_EQ(white.rgb[3], 0);
  const std::array<std::uint16_t, 3> hlg{49151, 49151, 49151};
  EXPECT_NEAR(tone_map(hlg, {1, 1}, HdrTransfer::kHlg).rgb[0], 246, 2);
}

TEST(FirstField, FillsTheOtherLinesFromIt) {
  Image picture{{4, 1}, {10, 10, 10, 200, 200, 200, 30, 30, 30, 201, 201, 201}};
  keep_first_field(picture, FirstField::kTop);
  EXPECT_THAT(picture.rgb, ElementsAre(10, 10, 10, 20, 20, 20, 30, 30, 30, 30, 30, 30));
}

TEST(SquarePixels, NeverMakeAPictureSmaller) {
  EXPECT_EQ(square_size({180, 320}, {16, 11}), (Size{180, 465}));
  EXPECT_EQ(square_size({180, 320}, {8, 9}), (Size{203, 320}));
  EXPECT_EQ(square_size({180, 320}, {1, 1}), (Size{180, 320}));
}

}  // namespace
}  // namespace da3::video
