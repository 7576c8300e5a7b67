// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <map>
#include <string>

#include <formats/fixtures.hpp>
#include <formats/png16.hpp>
#include <gtest/gtest.h>

#include <testing/png.hpp>

namespace da3::formats {
namespace {

/// The grey values as libpng reads them.
std::vector<std::uint16_t> greys(const EncodedPng16& png, Size size) {
  const testing::PngSamples read = testing::read_png(png.bytes);
  if (read.channels != 1 || read.bits != 16 || read.size != size) return {};
  std::vector<std::uint16_t> values;
  for (std::size_t i = 0; i + 1 < read.rows.size(); i += 2)
    values.push_back(static_cast<std::uint16_t>(read.rows[i] << 8U | read.rows[i + 1]));
  return values;
}

/// The tEXt chunks, read by the PNG specification's layout.
std::map<std::string, std::string> texts(const std::vector<std::uint8_t>& png) {
  std::map<std::string, std::string> found;
  for (std::size_t at = 8; at + 12 <= png.size();) {
    const std::size_t length = (std::size_t{png[at]} << 24U) | (std::size_t{png[at + 1]} << 16U) |
                               (std::size_t{png[at + 2]} << 8U) | png[at + 3];
    const std::string type(png.begin() + static_cast<std::ptrdiff_t>(at) + 4,
                           png.begin() + static_cast<std::ptrdiff_t>(at) + 8);
    const std::string data(png.begin() + static_cast<std::ptrdiff_t>(at) + 8,
                           png.begin() + static_cast<std::ptrdiff_t>(at + 8 + length));
    if (type == "tEXt") found[data.substr(0, data.find('\0'))] = data.substr(data.find('\0') + 1);
    at += 12 + length;
  }
  return found;
}

/// Every finite value comes back within half a step, by the scale and offset of the file's own text.
void expect_within_half_a_step(const DepthMap& map, DepthKind kind) {
  const EncodedPng16 png = encode_png16(map, kind);
  const auto codes = greys(png, map.size);
  ASSERT_EQ(codes.size(), map.values.size());
  auto text = texts(png.bytes);
  const double scale = std::stod(text.at("da3:scale"));
  const double offset = std::stod(text.at("da3:offset"));
  EXPECT_EQ(scale, png.scale.scale);
  EXPECT_EQ(offset, png.scale.offset);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    ASSERT_NE(codes[i], 0) << "value " << map.values[i] << " at " << i;
    // 1e-3 of a step for the rounding of the product itself.
    ASSERT_LE(std::abs(codes[i] * scale + offset - map.values[i]), scale * 0.501) << "at " << i;
  }
}

TEST(Png16, RelativeDepthComesBackWithinHalfAStep) {
  expect_within_half_a_step(slope(), DepthKind::kRelative);
  expect_within_half_a_step(random_map(37, 53, 5), DepthKind::kRelative);
  expect_within_half_a_step(random_map(37, 53, 6, -3.0F, 2.0F), DepthKind::kInverse);
  expect_within_half_a_step(random_map(37, 53, 7, 1000.0F, 1000.01F), DepthKind::kCanonical);
}

TEST(Png16, ExtremeRangesComeBackWithinHalfAStep) {
  expect_within_half_a_step({{1, 3}, {-3e38F, 0.0F, 3e38F}}, DepthKind::kRelative);
  expect_within_half_a_step({{1, 3}, {0.0F, 1e-45F, 3e-45F}}, DepthKind::kRelative);
}

TEST(Png16, MetricDepthComesBackWithinHalfAMillimetre) {
  expect_within_half_a_step(random_map(37, 53, 8, 0.001F, 65.5F), DepthKind::kMetric);
}

TEST(Png16, RelativeDepthUsesGreyOneToLast) {
  const DepthMap map = slope();
  const auto codes = greys(encode_png16(map, DepthKind::kRelative), map.size);
  ASSERT_FALSE(codes.empty());
  EXPECT_EQ(codes.front(), 1);
  EXPECT_EQ(codes.back(), 65535);
}

TEST(Png16, ValuesThatAreNotFiniteAreGreyZero) {
  const DepthMap map{{1, 5}, {1.0F, kNan, kInfinity, -kInfinity, 2.0F}};
  EXPECT_EQ(greys(encode_png16(map, DepthKind::kRelative), map.size),
            (std::vector<std::uint16_t>{1, 0, 0, 0, 65535}));
  EXPECT_EQ(greys(encode_png16(map, DepthKind::kMetric), map.size),
            (std::vector<std::uint16_t>{1000, 0, 0, 0, 2000}));
}

TEST(Png16, ConstantMapIsExact) {
  const DepthMap map{{2, 2}, std::vector<float>(4, 0.1F)};
  const EncodedPng16 png = encode_png16(map, DepthKind::kRelative);
  EXPECT_EQ(greys(png, map.size), (std::vector<std::uint16_t>(4, 1)));
  EXPECT_EQ(png.scale.scale * 1 + png.scale.offset, static_cast<double>(0.1F));
}

TEST(Png16, MapWithoutAnyValueIsAllGreyZero) {
  const DepthMap map{{1, 2}, {kNan, kNan}};
  EXPECT_EQ(greys(encode_png16(map, DepthKind::kRelative), map.size), (std::vector<std::uint16_t>{0, 0}));
}

TEST(Png16, MetricDepthOutsideItsRangeIsClippedAndCounted) {
  const DepthMap map{{1, 7}, {0.0F, -2.0F, 0.0001F, 0.5F, 65.535F, 65.6F, 1e30F}};
  const EncodedPng16 png = encode_png16(map, DepthKind::kMetric);
  EXPECT_EQ(greys(png, map.size), (std::vector<std::uint16_t>{0, 0, 1, 500, 65535, 65535, 65535}));
  EXPECT_EQ(png.scale, (Png16Scale{0.001, 0, 3}));
}

TEST(Png16, TextSaysKindAndUnit) {
  auto metric = texts(encode_png16(slope(), DepthKind::kMetric).bytes);
  EXPECT_EQ(metric["da3:unit"], "m");
  EXPECT_EQ(metric["da3:kind"], "metric");
  EXPECT_EQ(metric["da3:scale"], "0.001");
  EXPECT_EQ(metric["da3:invalid"], "0");
  auto inverse = texts(encode_png16(slope(), DepthKind::kInverse).bytes);
  EXPECT_EQ(inverse["da3:unit"], "none");
  EXPECT_EQ(inverse["da3:kind"], "inverse");
}

TEST(Png16, SameMapGivesSameBytes) {
  EXPECT_EQ(encode_png16(slope(), DepthKind::kRelative).bytes,
            encode_png16(slope(), DepthKind::kRelative).bytes);
}

}  // namespace
}  // namespace da3::formats
