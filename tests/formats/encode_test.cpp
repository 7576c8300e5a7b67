// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstring>
#include <limits>
#include <string>

#include <codec/decode.hpp>
#include <formats/encode.hpp>
#include <formats/fixtures.hpp>
#include <formats/read_result.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <image/order_statistics.hpp>
#include <testing/npz.hpp>
#include <testing/png.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::formats {
namespace {

OutputSet everything() {
  OutputSet set;
  set.depth = slope(12, 10);
  set.confidence = slope(12, 10, 1.0F);
  set.sky = slope(12, 10, 0.0F, 0.0078125F);
  set.photo = Image{{12, 8}, std::vector<std::uint8_t>(12 * 8 * 3, 77)};
  set.camera = image::Intrinsics{20, 21, 5, 6};
  return set;
}

TEST(Encode, GivesTheFormatsAskedForInTheirOrder) {
  const std::vector<Format> formats(kAllFormats.begin(), kAllFormats.end());
  const EncodedSet encoded = encode(everything(), formats);
  ASSERT_EQ(encoded.files.size(), formats.size());
  for (std::size_t i = 0; i < formats.size(); ++i) {
    EXPECT_EQ(encoded.files[i].format, formats[i]);
    EXPECT_FALSE(encoded.files[i].bytes.empty());
  }
  EXPECT_TRUE(encoded.png16);
}

TEST(Encode, GivesNothingForNone) {
  const EncodedSet encoded = encode(everything(), {});
  EXPECT_TRUE(encoded.files.empty());
  EXPECT_FALSE(encoded.png16);
}

TEST(Encode, SideIsThePhotoLeftOfTheMap) {
  const EncodedSet encoded = encode(everything(), {Format::kVis, Format::kSide});
  const testing::PngSamples vis = testing::read_png(encoded.files[0].bytes);
  const testing::PngSamples side = testing::read_png(encoded.files[1].bytes);
  ASSERT_EQ(side.size, (Size{vis.size.height, 18}));
  ASSERT_EQ(vis.size.width, 10);
  for (std::size_t y = 0; y < static_cast<std::size_t>(vis.size.height); ++y) {
    const auto row = std::span(side.rows).subspan(y * 18 * 3, std::size_t{18} * 3);
    EXPECT_EQ(std::vector<std::uint8_t>(row.begin(), row.begin() + 8 * 3),
              std::vector<std::uint8_t>(8 * 3, 77));
    EXPECT_TRUE(std::equal(row.begin() + 8 * 3, row.end(),
                           vis.rows.begin() + static_cast<std::ptrdiff_t>(y * 10 * 3)));
  }
}

TEST(Encode, NpzHasTheMapsThatAreThere) {
  const da3::testing::TemporaryFolder folder;
  OutputSet set = everything();
  set.sky.reset();
  write_bytes(folder.path() / "a.npz", encode(set, {Format::kNpz}).files.front().bytes);
  const auto arrays = da3::testing::read_npz(folder.path() / "a.npz");
  EXPECT_EQ(arrays.size(), 2U);
  EXPECT_TRUE(same_bits(arrays.at("confidence").floats, set.confidence->values));
}

TEST(Encode, NpzHasTheCameraAsAMatrix) {
  const OutputSet read =
      read_result(encode(everything(), {Format::kNpz}).files.front().bytes, Format::kNpz, "a.npz");
  EXPECT_EQ(read.camera, (image::Intrinsics{20, 21, 5, 6}));
}

TEST(Encode, Grey16IsWhiteWhereItIsNear) {
  OutputSet set;
  set.depth = {{1, 4}, {1.0F, 2.0F, 4.0F, std::numeric_limits<float>::quiet_NaN()}};
  EncodeOptions options;
  options.vis.range = {1.0, 4.0};
  const testing::PngSamples grey = testing::read_png(encode(set, {Format::kGrey16}, options).files[0].bytes);
  ASSERT_EQ(grey.bits, 16);
  // 1/2 lies a third of the way from 1/4 to 1.
  std::vector<int> values;
  for (std::size_t i = 0; i < 4; ++i) values.push_back(grey.rows[2 * i] << 8 | grey.rows[2 * i + 1]);
  EXPECT_THAT(values, ::testing::ElementsAre(65535, 1 + 21845, 1, 0));
}

TEST(Encode, APreviewHasAtMostSoManyPixelsOnItsLongerSide) {
  OutputSet set;
  set.depth = slope(60, 100);
  set.photo = Image{{60, 100}, std::vector<std::uint8_t>(60 * 100 * 3, 77)};
  EncodeOptions options;
  options.preview = 50;
  const EncodedSet encoded = encode(set, {Format::kVisJpeg, Format::kSide}, options);
  const codec::Decoded vis = codec::decode(encoded.files[0].bytes, "vis");
  EXPECT_EQ(vis.image.size, (Size{30, 50}));
  EXPECT_EQ(codec::decode(encoded.files[1].bytes, "side").image.size, (Size{30, 100}));
  EXPECT_EQ(encoded.files[0].bytes[0], 0xFF) << "a JPEG";
}

TEST(Encode, PointsLieOnTheRaysOfTheirPixels) {
  OutputSet set;
  set.depth = {{1, 3}, {2.0F, std::numeric_limits<float>::infinity(), 4.0F}};
  set.photo = Image{{1, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}};
  set.camera = image::Intrinsics{10, 10, 1.5, 0.5};
  const std::vector<std::uint8_t> bytes = encode(set, {Format::kPly}).files[0].bytes;
  const std::string text(bytes.begin(), bytes.end());
  EXPECT_NE(text.find("element vertex 2\n"), std::string::npos);
  const std::size_t body = text.find("end_header\n") + 11;
  ASSERT_EQ(bytes.size(), body + 2 * 15);
  std::array<float, 3> second{};
  std::memcpy(second.data(), bytes.data() + body + 15, sizeof(second));
  EXPECT_FLOAT_EQ(second[0], 4.0F * (2.5F - 1.5F) / 10);
  EXPECT_FLOAT_EQ(second[1], 0);
  EXPECT_FLOAT_EQ(second[2], 4);
  EXPECT_EQ(bytes[body + 15 + 12], 7);
}

TEST(ReadResult, GivesBackWhatWasWritten) {
  OutputSet set = everything();
  set.kind = DepthKind::kMetric;
  set.unit = "m";
  for (const Format format : {Format::kNpz, Format::kExr, Format::kNpy, Format::kPfm, Format::kTiff}) {
    const OutputSet read = read_result(encode(set, {format}).files[0].bytes, format, "a");
    EXPECT_EQ(read.depth.size, set.depth.size) << to_string(format);
    EXPECT_TRUE(same_bits(read.depth.values, set.depth.values)) << to_string(format);
    EXPECT_EQ(read.confidence.has_value(), holds_extra_maps(format)) << to_string(format);
  }
  for (const Format format : {Format::kExr, Format::kTiff}) {
    const OutputSet read = read_result(encode(set, {format}).files[0].bytes, format, "a");
    EXPECT_EQ(read.kind, DepthKind::kMetric) << to_string(format);
    EXPECT_EQ(read.unit, "m") << to_string(format);
    EXPECT_EQ(read.camera, set.camera) << to_string(format);
  }
}

TEST(ReadResult, OfPng16IsWithinHalfAStep) {
  OutputSet set = everything();
  const EncodedSet encoded = encode(set, {Format::kPng16});
  const OutputSet read = read_result(encoded.files[0].bytes, Format::kPng16, "a.png");
  for (std::size_t i = 0; i < set.depth.values.size(); ++i) {
    EXPECT_NEAR(read.depth.values[i], set.depth.values[i], encoded.png16->scale / 2 + 1e-6);
  }
}

TEST(ReadResult, RefusesWhatIsCutOrNotOurs) {
  const OutputSet set = everything();
  for (const Format format :
       {Format::kNpz, Format::kExr, Format::kNpy, Format::kPfm, Format::kTiff, Format::kPng16}) {
    std::vector<std::uint8_t> bytes = encode(set, {format}).files[0].bytes;
    bytes.resize(bytes.size() / 2);
    EXPECT_THROW(read_result(bytes, format, "a"), Error) << to_string(format);
    EXPECT_THROW(read_result({}, format, "a"), Error) << to_string(format);
  }
  EXPECT_THROW(read_result(encode(set, {Format::kVis}).files[0].bytes, Format::kVis, "a"), Error);
}

TEST(Encode, RefusesMapsOfTwoSizesAndAMissingPhoto) {
  OutputSet set = everything();
  set.sky = slope(3, 3);
  EXPECT_THROW(encode(set, {Format::kPng16}), Error);
  set = everything();
  set.photo.reset();
  EXPECT_THROW(encode(set, {Format::kSide}), Error);
  EXPECT_NO_THROW(encode(set, {Format::kVis}));
}

TEST(HasEnds, OfAFilesOwnMapInEveryFormatThatCanBeReadBack) {
  DepthMap beyond = random_map(9, 11, 5, 0.0001F, 90000);
  DepthMap partly = random_map(9, 11, 6, -3, 12);
  partly.values.front() = kNan;
  const DepthMap constant{{2, 2}, std::vector<float>(4, 0.3F)};
  const DepthMap nothing{{1, 2}, {kNan, kInfinity}};
  for (const DepthMap& map :
       {random_map(9, 11, 3), random_map(9, 11, 4, 0.2F, 0.2001F), beyond, partly, constant, nothing}) {
    const auto ends = image::finite_range(map.values);
    for (const DepthKind kind : {DepthKind::kRelative, DepthKind::kMetric}) {
      OutputSet set;
      set.depth = map;
      set.kind = kind;
      for (const Format format : kAllFormats) {
        if (!is_readable(format)) continue;
        const OutputSet read = read_result(encode(set, {format}).files[0].bytes, format, "a");
        EXPECT_TRUE(has_ends(read, format, kind, ends)) << to_string(format);
        if (ends) continue;
        EXPECT_FALSE(has_ends(read, format, kind, std::pair(1.0F, 2.0F))) << to_string(format);
      }
    }
  }
}

TEST(HasEnds, TellsAnotherMapToTheStepOfTheFormat) {
  const std::pair<float, float> ends{1.0F, 3.0F};
  OutputSet set;
  set.depth = {{1, 3}, {1, 2, 3}};
  const auto has = [&](Format format, DepthKind kind, std::pair<float, float> recorded) {
    set.kind = kind;
    const OutputSet read = read_result(encode(set, {format}).files[0].bytes, format, "a");
    return has_ends(read, format, kind, recorded);
  };
  for (const Format format : {Format::kNpy, Format::kPng16, Format::kExr16}) {
    EXPECT_TRUE(has(format, DepthKind::kRelative, ends)) << to_string(format);
    EXPECT_FALSE(has(format, DepthKind::kRelative, {1, 3.01F})) << to_string(format);
    EXPECT_FALSE(has(format, DepthKind::kRelative, {0.99F, 3})) << to_string(format);
  }
  EXPECT_FALSE(has(Format::kPng16, DepthKind::kRelative, {1, 3.00001F}));
  EXPECT_TRUE(has(Format::kPng16, DepthKind::kMetric, {1, 3.0004F})) << "millimetres";
  EXPECT_FALSE(has(Format::kPng16, DepthKind::kMetric, {1, 3.0006F}));
  EXPECT_TRUE(has(Format::kExr16, DepthKind::kRelative, {1, 3.0005F})) << "eleven bits";
  EXPECT_FALSE(has(Format::kExr16, DepthKind::kRelative, {1, 3.0015F}));
}

}  // namespace
}  // namespace da3::formats
