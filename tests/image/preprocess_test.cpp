// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>
#include <utility>
#include <vector>

#include <codec/samples.hpp>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <image/preprocess.hpp>

namespace da3::testing {
namespace {

using image::preprocess;
using image::processed_size;
using image::ResizePolicy;

TEST(ResizePolicy, RoundsBothSidesToPatchMultiples) {
  EXPECT_EQ(processed_size({720, 1280}, {}), (Size{280, 504}));
  EXPECT_EQ(processed_size({720, 1280}, {.method = ResizeMethod::kLowerBoundResize}), (Size{504, 896}));
  EXPECT_EQ(processed_size({300, 451}, {.method = ResizeMethod::kUpperBoundCrop}), (Size{322, 504}));
}

TEST(ResizePolicy, NeverGoesBelowOnePatch) {
  for (const ResizeMethod method : {ResizeMethod::kUpperBoundResize, ResizeMethod::kUpperBoundCrop}) {
    EXPECT_EQ(processed_size({1, 1000}, {.method = method}), (Size{14, 504}));
    EXPECT_EQ(processed_size({1000, 1}, {.method = method}), (Size{504, 14}));
  }
  EXPECT_EQ(processed_size({60, 900}, {}), (Size{28, 504}));  // 33.6 rounds to 34, of which 28 and 42: 28
}

TEST(ResizePolicy, RefusesWhatMakesNoSense) {
  EXPECT_THROW(processed_size({0, 5}, {}), Error);
  EXPECT_THROW(processed_size({5, 5}, {.process_res = 13}), Error);
  EXPECT_THROW(processed_size({5, 5}, {.patch = 0}), Error);
  EXPECT_THROW(processed_size({1, 100000}, {.method = ResizeMethod::kLowerBoundResize}), Error);
}

TEST(Preprocess, GivesTheSizeItAnnounces) {
  for (const Size size : {Size{1, 1}, Size{60, 900}, Size{900, 60}, Size{1, 900}, Size{13, 13},
                          Size{504, 504}, Size{505, 301}}) {
    for (const ResizeMethod method : {ResizeMethod::kUpperBoundResize, ResizeMethod::kUpperBoundCrop,
                                      ResizeMethod::kLowerBoundResize, ResizeMethod::kLowerBoundCrop}) {
      const ResizePolicy policy{.process_res = 56, .method = method};
      const Image input = preprocess(sample_picture(size), policy);
      EXPECT_EQ(input.size, processed_size(size, policy));
      EXPECT_EQ(input.rgb.size(), input.size.area() * 3);
    }
  }
}

TEST(Preprocess, KeepsAPictureThatFits) {
  const Image picture = sample_picture({280, 504});
  EXPECT_EQ(preprocess(picture, {}).rgb, picture.rgb);
}

TEST(Preprocess, CropsFromTheCentre) {
  const Image picture = sample_picture({33, 56});  // 33 rows: 28 remain, 2 fall off above and 3 below
  const Image input = preprocess(picture, {.process_res = 56, .method = ResizeMethod::kUpperBoundCrop});
  ASSERT_EQ(input.size, (Size{28, 56}));
  const std::size_t row = 56 * 3;
  EXPECT_TRUE(std::equal(input.rgb.begin(), input.rgb.end(),
                         picture.rgb.begin() + 2 * static_cast<std::ptrdiff_t>(row)));
}

TEST(Preprocess, AveragesAreasWhenShrinking) {
  Image picture{{28, 28}, Bytes(28 * 28 * 3, 0)};
  for (std::size_t y = 0; y < 28; ++y) {
    for (std::size_t x = y % 2; x < 28; x += 2) {
      for (std::size_t c = 0; c < 3; ++c) picture.rgb[(y * 28 + x) * 3 + c] = 200;
    }
  }
  for (const std::uint8_t value : preprocess(picture, {.process_res = 14}).rgb) ASSERT_EQ(value, 100);
}

TEST(Preprocess, HasTheSameBitsOnEveryThread) {
  const Image picture = sample_picture({400, 711});
  const Bytes expected = preprocess(picture, {}).rgb;
  std::vector<Bytes> results(4);
  std::vector<std::thread> threads;
  for (Bytes& result : results) threads.emplace_back([&] { result = preprocess(picture, {}).rgb; });
  for (std::thread& thread : threads) thread.join();
  for (const Bytes& result : results) EXPECT_EQ(result, expected);
}

TEST(PreprocessFixed, GivesExactlyTheSize) {
  EXPECT_EQ(image::preprocess_fixed(sample_picture({100, 50}), {224, 224}).size, (Size{224, 224}));
  const Image picture = sample_picture({224, 224});
  EXPECT_EQ(image::preprocess_fixed(picture, {224, 224}).rgb, picture.rgb);
  EXPECT_THROW(image::preprocess_fixed({}, {224, 224}), Error);
}

/// The definition, in double: the four values around the new centre, edges kept.
float bilinear(const DepthMap& map, Size size, int y, int x) {
  const auto at = [&](int row, int column) {
    row = std::clamp(row, 0, map.size.height - 1);
    column = std::clamp(column, 0, map.size.width - 1);
    return static_cast<double>(map.values[static_cast<std::size_t>(row * map.size.width + column)]);
  };
  const double from_y = (y + 0.5) * map.size.height / size.height - 0.5;
  const double from_x = (x + 0.5) * map.size.width / size.width - 0.5;
  const int row = static_cast<int>(std::floor(from_y));
  const int column = static_cast<int>(std::floor(from_x));
  const double down = from_y - row;
  const double right = from_x - column;
  return static_cast<float>((at(row, column) * (1 - right) + at(row, column + 1) * right) * (1 - down) +
                            (at(row + 1, column) * (1 - right) + at(row + 1, column + 1) * right) * down);
}

TEST(ResizeMap, IsBilinearWithHalfPixelCentresBothWays) {
  DepthMap map{{9, 14}, std::vector<float>(9 * 14)};
  std::uint32_t state = 1;
  for (float& value : map.values)
    value = static_cast<float>((state = state * 1664525U + 1013904223U) >> 16) / 65536.0F + 0.5F;
  for (const Size size :
       {Size{9, 14}, Size{18, 28}, Size{31, 47}, Size{4, 5}, Size{1, 1}, Size{3, 40}, Size{40, 3}}) {
    const DepthMap result = image::resize_map(map, size);
    ASSERT_EQ(result.size, size);
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) {
        // Weights are rounded to float32: some units in the last place of values near 1.
        ASSERT_NEAR(result.values[static_cast<std::size_t>(y * size.width + x)], bilinear(map, size, y, x),
                    2e-6)
            << size.height << " x " << size.width << " at " << y << ", " << x;
      }
    }
  }
}

TEST(ResizeMap, TakesTheMemoryOfAMapOfItsSize) {
  DepthMap map{{2, 3}, {1, 2, 3, 4, 5, 6}};
  const std::vector<float> wanted = image::resize_map(map, {5, 7}).values;
  for (const std::size_t size : {std::size_t{35}, std::size_t{34}, std::size_t{99}}) {
    std::vector<float> room(size, std::numeric_limits<float>::quiet_NaN());
    const float* const memory = room.data();
    const DepthMap result = image::resize_map(map, {5, 7}, std::move(room));
    EXPECT_EQ(result.values, wanted) << size;
    EXPECT_EQ(result.values.data() == memory, size == 35) << size;
  }
}

TEST(ResizeMap, KeepsConstantsAndRefusesNothing) {
  const DepthMap map{{2, 3}, std::vector<float>(6, 0.7F)};
  for (const float value : image::resize_map(map, {7, 5}).values) EXPECT_FLOAT_EQ(value, 0.7F);
  EXPECT_THROW(image::resize_map(map, {0, 5}), Error);
  EXPECT_THROW(image::resize_map({}, {5, 5}), Error);
}

}  // namespace
}  // namespace da3::testing
