// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <formats/png_file.hpp>
#include <gtest/gtest.h>

#include <testing/png.hpp>

namespace da3::formats {
namespace {

struct PngCase {
  PngPixels pixels;
  PngFilter filter;
};

/// The samples as a PNG holds them; none if they are of another kind.
std::vector<std::uint8_t> read_back(const std::vector<std::uint8_t>& png, PngPixels pixels) {
  const testing::PngSamples read = testing::read_png(png);
  const bool is_rgb8 = read.channels == 3 && read.bits == 8;
  const bool is_grey16 = read.channels == 1 && read.bits == 16;
  if (pixels == PngPixels::kRgb8 ? !is_rgb8 : !is_grey16) return {};
  return read.rows;
}

/// Runs and noise, so that packers find both.
std::vector<std::uint8_t> some_rows(std::size_t count) {
  std::mt19937 random(3);
  std::vector<std::uint8_t> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    rows[i] = static_cast<std::uint8_t>(i / 100 % 2 == 0 ? i / 7 : random());
  }
  return rows;
}

class PngFile : public ::testing::TestWithParam<PngCase> {};

TEST_P(PngFile, LibpngReadsEverySampleBack) {
  const PngCase& c = GetParam();
  const std::size_t bytes = c.pixels == PngPixels::kGrey16 ? 2 : 3;
  for (const Size size : {Size{1, 1}, Size{1, 300}, Size{300, 1}, Size{97, 131}}) {
    const std::vector<std::uint8_t> rows = some_rows(size.area() * bytes);
    const auto png = encode_png(rows, size, {.pixels = c.pixels, .filter = c.filter});
    EXPECT_EQ(read_back(png, c.pixels), rows) << size.height << "x" << size.width;
  }
}

TEST_P(PngFile, EndsWithTheEndChunkAndHasItsTexts) {
  const PngCase& c = GetParam();
  const Size size{5, 7};
  const auto png = encode_png(some_rows(size.area() * (c.pixels == PngPixels::kGrey16 ? 2 : 3)), size,
                              {.pixels = c.pixels, .filter = c.filter, .texts = {{"key", "text"}}});
  constexpr std::uint8_t kEnd[] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xAE, 0x42, 0x60, 0x82};
  ASSERT_GT(png.size(), sizeof(kEnd));
  EXPECT_EQ(std::memcmp(png.data() + png.size() - sizeof(kEnd), kEnd, sizeof(kEnd)), 0);
  const std::string all(png.begin(), png.end());
  EXPECT_NE(all.find(std::string("tEXtkey\0text", 12)), std::string::npos);
}

std::vector<PngCase> cases() {
  std::vector<PngCase> all;
  for (const PngPixels pixels : {PngPixels::kGrey16, PngPixels::kRgb8}) {
    for (const PngFilter filter : {PngFilter::kNone, PngFilter::kSub, PngFilter::kUp}) {
      all.push_back({pixels, filter});
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, PngFile, ::testing::ValuesIn(cases()), [](const auto& param) {
  const PngCase& c = param.param;
  return std::string(c.pixels == PngPixels::kGrey16 ? "grey16" : "rgb8") +
         (c.filter == PngFilter::kNone  ? "_none"
          : c.filter == PngFilter::kSub ? "_sub"
                                        : "_up");
});

}  // namespace
}  // namespace da3::formats
