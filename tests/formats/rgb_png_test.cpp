// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <random>

#include <formats/rgb_png.hpp>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <testing/png.hpp>

namespace da3::formats {
namespace {

Image noise(Size size) {
  Image picture{size, std::vector<std::uint8_t>(size.area() * 3)};
  std::mt19937 generator(3);
  for (std::uint8_t& each : picture.rgb) each = static_cast<std::uint8_t>(generator());
  return picture;
}

TEST(RgbPng, LibpngReadsEveryPixelBack) {
  for (const PictureKind kind : {PictureKind::kColouredMap, PictureKind::kWithPhoto}) {
    const Image picture = noise({19, 31});
    const testing::PngSamples read = testing::read_png(encode_rgb_png(picture, kind));
    EXPECT_EQ(read.channels, 3);
    EXPECT_EQ(read.bits, 8);
    EXPECT_EQ(read.size, picture.size);
    EXPECT_EQ(read.rows, picture.rgb);
  }
}

TEST(RgbPng, RefusesAPictureThatDoesNotFillItsSize) {
  Image picture = noise({4, 4});
  picture.rgb.pop_back();
  EXPECT_THROW(encode_rgb_png(picture, PictureKind::kColouredMap), Error);
  EXPECT_THROW(encode_rgb_png(Image{}, PictureKind::kColouredMap), Error);
}

}  // namespace
}  // namespace da3::formats
