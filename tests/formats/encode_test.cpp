// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <formats/encode.hpp>
#include <formats/fixtures.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

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

TEST(Encode, RefusesMapsOfTwoSizesAndAMissingPhoto) {
  OutputSet set = everything();
  set.sky = slope(3, 3);
  EXPECT_THROW(encode(set, {Format::kPng16}), Error);
  set = everything();
  set.photo.reset();
  EXPECT_THROW(encode(set, {Format::kSide}), Error);
  EXPECT_NO_THROW(encode(set, {Format::kVis}));
}

}  // namespace
}  // namespace da3::formats
