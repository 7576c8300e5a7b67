// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include <image/area.hpp>

namespace da3::image {
namespace {

Image noise(Size size) {
  std::mt19937 random(static_cast<unsigned>(size.height * 131 + size.width));
  Image picture{size, std::vector<std::uint8_t>(size.area() * 3)};
  for (std::uint8_t& sample : picture.rgb) sample = static_cast<std::uint8_t>(random() >> 24);
  return picture;
}

Image by_opencv(Image picture, Size size) {
  Image result{size, std::vector<std::uint8_t>(size.area() * 3)};
  const cv::Mat in(picture.size.height, picture.size.width, CV_8UC3, picture.rgb.data());
  cv::Mat out(size.height, size.width, CV_8UC3, result.rgb.data());
  cv::resize(in, out, out.size(), 0, 0, cv::INTER_AREA);
  return result;
}

TEST(ShrinkByArea, IsWhatOpenCvGives) {
  std::vector<std::pair<Size, Size>> cases{
      {{480, 640}, {378, 504}}, {{1080, 1920}, {284, 504}}, {{2160, 3840}, {284, 504}},
      {{3, 5}, {2, 4}},         {{7, 9}, {1, 1}},           {{50, 31}, {50, 30}},
      {{1, 100}, {1, 37}},      {{1000, 3}, {501, 1}},      {{40, 27}, {20, 26}}};
  std::mt19937 random(1);
  for (int i = 0; i < 60; ++i) {
    const Size from{static_cast<int>(2 + random() % 400), static_cast<int>(2 + random() % 400)};
    const Size to{static_cast<int>(1 + random() % static_cast<unsigned>(from.height)),
                  static_cast<int>(1 + random() % static_cast<unsigned>(from.width))};
    cases.emplace_back(from, to);
  }
  int num_shrunk = 0;
  std::size_t num_samples = 0;
  std::size_t num_different = 0;
  for (const auto& [from, to] : cases) {
    const Image picture = noise(from);
    const auto shrunk = shrink_by_area(picture, to);
    if (!shrunk) continue;
    ++num_shrunk;
    const Image expected = by_opencv(picture, to);
    ASSERT_EQ(shrunk->size, to);
    ASSERT_EQ(shrunk->rgb.size(), expected.rgb.size());
    num_samples += expected.rgb.size();
    for (std::size_t i = 0; i < expected.rgb.size(); ++i) {
      ASSERT_LE(std::abs(int{shrunk->rgb[i]} - int{expected.rgb[i]}), 1)
          << from.height << "x" << from.width << " to " << to.height << "x" << to.width << ", sample " << i;
      num_different += shrunk->rgb[i] == expected.rgb[i] ? 0 : 1;
    }
  }
  EXPECT_GT(num_shrunk, 50);
  // None with OpenCV as distributions build it for x86-64; one that fuses products and sums may round
  // otherwise.
  EXPECT_LE(num_different, num_samples / 100'000) << "of " << num_samples;
  RecordProperty("different_samples", static_cast<int>(num_different));
}

TEST(ShrinkByArea, LeavesToOpenCvWhatItComputesOtherwise) {
  EXPECT_FALSE(shrink_by_area(noise({40, 30}), {20, 10}));
  EXPECT_FALSE(shrink_by_area(noise({40, 30}), {41, 20}));
  EXPECT_FALSE(shrink_by_area(noise({40, 30}), {20, 31}));
  EXPECT_TRUE(shrink_by_area(noise({40, 30}), {20, 11}));
}

}  // namespace
}  // namespace da3::image
