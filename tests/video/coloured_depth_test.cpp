// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <video/coloured_depth.hpp>

#include <da3/error.hpp>

namespace da3::video {
namespace {

/// Slopes, an edge and pixels without a value.
DepthMap map_of(Size size) {
  DepthMap map{size, {}};
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x)
      map.values.push_back(0.5F + 0.01F * static_cast<float>(x * x + y) + (x > size.width / 2 ? 3.0F : 0.0F));
  }
  map.values[size.area() / 3] = std::numeric_limits<float>::quiet_NaN();
  map.values.back() = -1;
  return map;
}

/// Of the colours that render_depth gives, at the pixels that exist.
void expect_colours_of(const DepthMap& map, DepthKind kind, const image::VisOptions& options) {
  const Image rgb = image::render_depth(map, kind, options);
  const HalvedPicture halved = coloured_depth(map, kind, options);
  const auto [height, width] = halved.size;
  ASSERT_EQ(halved.size, (Size{map.size.height + map.size.height % 2, map.size.width + map.size.width % 2}));
  const auto parts_at = [&](int y, int x) {
    const std::size_t at = static_cast<std::size_t>(std::min(y, map.size.height - 1)) *
                               static_cast<std::size_t>(map.size.width) +
                           static_cast<std::size_t>(std::min(x, map.size.width - 1));
    return luma_and_chroma(rgb.rgb[3 * at], rgb.rgb[3 * at + 1], rgb.rgb[3 * at + 2]);
  };
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const std::size_t at =
          static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
      ASSERT_EQ(halved.luma()[at], std::lround(parts_at(y, x)[0])) << y << " " << x;
    }
  }
  // Means of four in sixteenths, rounded once: half a step and four times half a sixteenth of a quarter.
  constexpr double kTolerance = 0.5 + 1.0 / 32;
  for (int y = 0; y < height; y += 2) {
    for (int x = 0; x < width; x += 2) {
      std::array<double, 2> mean{};
      for (int i = 0; i < 4; ++i) {
        const auto parts = parts_at(y + i / 2, x + i % 2);
        mean[0] += parts[1] / 4;
        mean[1] += parts[2] / 4;
      }
      const std::size_t at = static_cast<std::size_t>(y / 2) * static_cast<std::size_t>(width / 2) +
                             static_cast<std::size_t>(x / 2);
      ASSERT_NEAR(halved.blue()[at], mean[0], kTolerance) << y << " " << x;
      ASSERT_NEAR(halved.red()[at], mean[1], kTolerance) << y << " " << x;
    }
  }
}

TEST(ColouredDepth, IsWhatRenderDepthShows) {
  for (const Size size : {Size{6, 10}, Size{7, 9}, Size{1, 1}, Size{2, 301}, Size{40, 64}}) {
    for (const char* const colormap : {"spectral", "turbo", "grey"}) {
      expect_colours_of(map_of(size), DepthKind::kRelative, {.colormap = colormap, .range = {{0.6, 4.0}}});
    }
    expect_colours_of(map_of(size), DepthKind::kInverse, {.range = {{0.6, 4.0}}});
    expect_colours_of(map_of(size), DepthKind::kMetric, {});
  }
}

TEST(ColouredDepth, TakesTheMemoryOfAPictureOfItsSize) {
  const DepthMap map = map_of({7, 9});
  const std::vector<std::uint8_t> wanted = coloured_depth(map, DepthKind::kMetric, {}).samples;
  for (const std::size_t size : {std::size_t{120}, std::size_t{60}}) {
    std::vector<std::uint8_t> room(size, 77);
    const std::uint8_t* const memory = room.data();
    const HalvedPicture picture = coloured_depth(map, DepthKind::kMetric, {}, std::move(room));
    EXPECT_EQ(picture.samples, wanted) << size;
    EXPECT_EQ(picture.samples.data() == memory, size == 120) << size;
  }
}

TEST(ColouredDepth, RefusesWhatRenderDepthRefuses) {
  EXPECT_THROW(coloured_depth(map_of({4, 4}), DepthKind::kMetric, {.colormap = "jet"}), Error);
  EXPECT_THROW(coloured_depth(map_of({4, 4}), DepthKind::kMetric, {.range = {{2.0, 2.0}}}), Error);
}

TEST(LumaAndChroma, AreThoseOfBt709InLimitedRange) {
  const auto is = [](std::array<double, 3> parts, double y, double cb, double cr) {
    EXPECT_NEAR(parts[0], y, 0.01);
    EXPECT_NEAR(parts[1], cb, 0.01);
    EXPECT_NEAR(parts[2], cr, 0.01);
  };
  // ITU-R BT.709: bars of full amplitude.
  is(luma_and_chroma(0, 0, 0), 16, 128, 128);
  is(luma_and_chroma(255, 255, 255), 235, 128, 128);
  is(luma_and_chroma(255, 0, 0), 62.56, 102.34, 240);
  is(luma_and_chroma(0, 255, 0), 172.63, 41.66, 26.27);
  is(luma_and_chroma(0, 0, 255), 31.81, 240, 117.73);
}

}  // namespace
}  // namespace da3::video
