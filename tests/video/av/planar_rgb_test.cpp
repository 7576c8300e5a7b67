// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <video/av/convert.hpp>
#include <video/av/planar_rgb.hpp>

namespace da3::video::av {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::Le;

TEST(DoublingTaps, AreACubicAtAQuarterAndAddUp) {
  const std::vector<CubicTaps> taps = doubling_taps(20, 1 << 14);
  ASSERT_EQ(taps.size(), 40U);
  for (const CubicTaps& each : taps) {
    EXPECT_EQ(std::accumulate(each.weights.begin(), each.weights.end(), 0), 1 << 14);
    EXPECT_GE(each.first, 0);
    EXPECT_LE(each.first, 16);
  }
  // New samples 20 and 21 stand at 9.75 and 10.25. Keys' cubic with a = -0.6, in 1 / 16384.
  EXPECT_EQ(taps[20].first, 8);
  EXPECT_EQ(taps[21].first, 9);
  const std::vector<double> expected = {-0.028125, 0.240625, 0.871875, -0.084375};
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_NEAR(taps[20].weights[k], expected[k] * (1 << 14), 1);
    EXPECT_NEAR(taps[21].weights[3 - k], expected[k] * (1 << 14), 1);
  }
}

/// A picture of one colour.
std::vector<std::uint8_t> rgb_of(std::array<std::uint8_t, 3> colour, bool full_range) {
  constexpr Size kSize{16, 18};
  std::array<std::vector<std::uint8_t>, 3> planes;
  HalvedChroma picture{kSize, {}, {18, 9, 9}};
  for (std::size_t i = 0; i < 3; ++i) {
    planes[i].assign(i == 0 ? kSize.area() : kSize.area() / 4, colour[i]);
    picture.planes[i] = planes[i].data();
  }
  constexpr std::array<int, 4> kBt709 = {117489, 138438, 13975, 34925};
  return to_rgb(picture, rgb_weights(kBt709, full_range)).rgb;
}

TEST(PlanarRgb, KnowsBlackWhiteGreyAndRed) {
  EXPECT_THAT(rgb_of({16, 128, 128}, false), Each(0));
  EXPECT_THAT(rgb_of({235, 128, 128}, false), Each(255));
  EXPECT_THAT(rgb_of({77, 128, 128}, true), Each(77));
  const std::vector<std::uint8_t> red = rgb_of({63, 102, 240}, false);
  // Its codes are rounded, a step of Cr is 1.8 of red.
  EXPECT_THAT(std::vector<int>(red.end() - 3, red.end()), ElementsAre(Ge(253), Le(2), Le(2)));
}

/// What swscale makes of a picture, with the flags that docs/video.md's colours are made with.
Image by_swscale(const AVFrame& frame) {
  constexpr int kFlags =
      SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT;
  const Size size{frame.height, frame.width};
  const ScalerPtr scaler(sws_getContext(size.width, size.height, static_cast<AVPixelFormat>(frame.format),
                                        size.width, size.height, AV_PIX_FMT_RGB24, kFlags, nullptr, nullptr,
                                        nullptr));
  const int* matrix = sws_getCoefficients(SWS_CS_ITU601);
  sws_setColorspaceDetails(scaler.get(), matrix, frame.color_range == AVCOL_RANGE_JPEG ? 1 : 0, matrix, 1, 0,
                           1 << 16, 1 << 16);
  const std::size_t row_bytes = static_cast<std::size_t>(size.width) * 3;
  const std::size_t stride = row_bytes + 64;
  std::vector<std::uint8_t> rows(stride * static_cast<std::size_t>(size.height) + 64);
  std::uint8_t* const planes[4] = {rows.data(), nullptr, nullptr, nullptr};
  const int strides[4] = {static_cast<int>(stride), 0, 0, 0};
  sws_scale(scaler.get(), frame.data, frame.linesize, 0, size.height, planes, strides);
  Image picture{size, {}};
  for (std::size_t y = 0; y < static_cast<std::size_t>(size.height); ++y) {
    const auto row = rows.begin() + static_cast<std::ptrdiff_t>(y * stride);
    picture.rgb.insert(picture.rgb.end(), row, row + static_cast<std::ptrdiff_t>(row_bytes));
  }
  return picture;
}

TEST(Converter, GivesSwscalesBitsForEverySizeAndRange) {
  std::mt19937 random(5);
  Converter converter({});
  for (const Size size :
       {Size{180, 320}, Size{16, 16}, Size{90, 162}, Size{178, 318}, Size{17, 33}, Size{8, 40}}) {
    for (const AVColorRange range : {AVCOL_RANGE_MPEG, AVCOL_RANGE_JPEG}) {
      const FramePtr frame = make_frame();
      frame->format = AV_PIX_FMT_YUV420P;
      frame->width = size.width;
      frame->height = size.height;
      frame->color_range = range;
      frame->colorspace = AVCOL_SPC_SMPTE170M;
      ASSERT_EQ(av_frame_get_buffer(frame.get(), 0), 0);
      for (int plane = 0; plane < 3; ++plane) {
        const int rows = plane == 0 ? size.height : (size.height + 1) / 2;
        for (int i = 0; i < rows * frame->linesize[plane]; ++i)
          frame->data[plane][i] = static_cast<std::uint8_t>(random());
      }
      EXPECT_TRUE(converter.convert(*frame, {}, {1, 1}).rgb == by_swscale(*frame).rgb)
          << size.width << "x" << size.height << " range " << range;
    }
  }
}

}  // namespace
}  // namespace da3::video::av
