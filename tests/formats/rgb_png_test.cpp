// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <random>

#include <formats/rgb_png.hpp>
#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

#include <da3/error.hpp>

namespace da3::formats {
namespace {

Image noise(Size size) {
  Image picture{size, std::vector<std::uint8_t>(size.area() * 3)};
  std::mt19937 generator(3);
  for (std::uint8_t& each : picture.rgb) each = static_cast<std::uint8_t>(generator());
  return picture;
}

TEST(RgbPng, OpenCvReadsEveryPixelBack) {
  for (const PictureKind kind : {PictureKind::kColouredMap, PictureKind::kWithPhoto}) {
    const Image picture = noise({19, 31});
    const cv::Mat read = cv::imdecode(encode_rgb_png(picture, kind), cv::IMREAD_UNCHANGED);
    ASSERT_EQ(read.type(), CV_8UC3);
    ASSERT_EQ(read.rows, 19);
    ASSERT_EQ(read.cols, 31);
    for (int y = 0; y < 19; ++y) {
      for (int x = 0; x < 31; ++x) {
        const auto& bgr = read.at<cv::Vec3b>(y, x);
        const std::uint8_t* rgb = &picture.rgb[static_cast<std::size_t>(y * 31 + x) * 3];
        ASSERT_TRUE(bgr[2] == rgb[0] && bgr[1] == rgb[1] && bgr[0] == rgb[2]) << y << ", " << x;
      }
    }
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
