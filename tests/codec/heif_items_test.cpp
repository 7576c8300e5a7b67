// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>
#include <vector>

#include <codec/decode.hpp>
#include <codec/heif_samples.hpp>
#include <codec/picture_format.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

namespace da3::testing {
namespace {

using ::testing::HasSubstr;

constexpr Size kTile{64, 96};

class HeifItems : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!codec::kHeifCodec.is_read()) GTEST_SKIP() << "built without libheif";
  }
};

/// A file of one coded picture (item 1) and a grid (item 2) of the size that its record gives.
struct Grid {
  int rows = 2;
  int columns = 2;
  Size size{128, 192};
  std::vector<std::uint16_t> tiles{1, 1, 1, 1};
  std::string type = "hvc1";
};

Bytes grid_file(const Grid& grid) {
  return heif_file({coded_part(grid.type),
                    {"grid", grid_record(grid.rows, grid.columns, grid.size), {image_size(grid.size)}}},
                   {{"dimg", 2, grid.tiles}});
}

void expect_failure(const Bytes& file, ErrorCode code, const std::string& reason) {
  try {
    codec::decode(file, "a.heic");
    ADD_FAILURE() << "is read, not: " << reason;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(reason));
  }
}

bool is_red(const Image& picture, int y, int x) {
  const std::uint8_t* rgb =
      &picture.rgb[3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.size.width) +
                        static_cast<std::size_t>(x))];
  return rgb[0] > 200 && rgb[1] < 100 && rgb[2] < 100;
}

TEST_F(HeifItems, AFewBytesBehindTheLastBoxAreNothing) {
  Bytes file = grid_file({});
  const Image whole = codec::decode(file, "a.heic").image;
  for (std::size_t more = 1; more < 8; ++more) {
    file.push_back(more == 1 ? '\n' : 0);
    EXPECT_EQ(codec::decode(file, "a.heic").image.rgb, whole.rgb) << more;
  }
}

TEST_F(HeifItems, TilesMayReachBeyondThePicture) {
  for (const char* type : {"hvc1", "av01"}) {
    const Image picture = codec::decode(grid_file({.size = {100, 150}, .type = type}), "a.heic").image;
    ASSERT_EQ(picture.size, (Size{100, 150})) << type;
    for (const int y : {4, kTile.height + 4}) {
      for (const int x : {4, kTile.width + 4}) EXPECT_TRUE(is_red(picture, y, x)) << type << y << " " << x;
      EXPECT_FALSE(is_red(picture, y, kTile.width / 2)) << type;
    }
    EXPECT_FALSE(is_red(picture, kTile.height / 2, 4)) << type;
  }
}

TEST_F(HeifItems, TilesMustCoverThePicture) {
  const auto damaged = [](const Grid& grid, const std::string& reason) {
    expect_failure(grid_file(grid), ErrorCode::kImageCorrupt, reason);
  };
  damaged({.size = {129, 192}}, "2 x 2 tiles of 96x64 pixels are not those of a picture of 192x129");
  damaged({.size = {128, 193}}, "2 x 2 tiles of 96x64 pixels are not those of a picture of 193x128");
  damaged({.size = {64, 192}}, "2 x 2 tiles of 96x64 pixels are not those of a picture of 192x64");
  damaged({.tiles = {1, 1, 1}}, "3 of the 2 x 2 tiles of its grid are there");
  damaged({.tiles = {1, 1, 1, 7}}, "a tile of its grid is not there");
  damaged({.tiles = {1, 1, 1, 2}}, "the tiles of its grid differ in size");
}

TEST_F(HeifItems, AGridHasTheSizeOfItsPicture) {
  const auto file = [](const Bytes& record) {
    return heif_file({coded_part("hvc1"), {"grid", record, {image_size({128, 192})}}},
                     {{"dimg", 2, {1, 1, 1, 1}}});
  };
  EXPECT_NO_THROW(codec::decode(file(grid_record(2, 2, {128, 192})), "a.heic"));
  expect_failure(file(grid_record(2, 2, {128, 190})), ErrorCode::kImageCorrupt,
                 "its grid is of 190x128 pixels, the picture of 192x128");
  expect_failure(file(Bytes(7)), ErrorCode::kImageCorrupt, "the record of its grid is cut");
}

TEST_F(HeifItems, MadeOfThemselvesAreDamaged) {
  const HeifPart grid{"grid", grid_record(1, 1, kTile), {image_size(kTile)}};
  const HeifPart identity{"iden", {}, {image_size(kTile)}};
  const std::string reason = " is made of itself";
  expect_failure(heif_file({grid}, {{"dimg", 1, {1}}}), ErrorCode::kImageCorrupt, reason);
  expect_failure(heif_file({grid, grid}, {{"dimg", 1, {2}}, {"dimg", 2, {1}}}), ErrorCode::kImageCorrupt,
                 reason);
  expect_failure(heif_file({identity}, {{"dimg", 1, {1}}}), ErrorCode::kImageCorrupt, reason);
  expect_failure(heif_file({identity, identity}, {{"dimg", 1, {2}}, {"dimg", 2, {1}}}),
                 ErrorCode::kImageCorrupt, reason);
  HeifPart alpha = coded_part("hvc1");
  const std::string name("\0\0\0\0urn:mpeg:hevc:2015:auxid:1\0", 31);
  alpha.properties.push_back({"auxC", Bytes(name.begin(), name.end())});
  expect_failure(heif_file({alpha, alpha}, {{"auxl", 1, {2}}, {"auxl", 2, {1}}}), ErrorCode::kImageCorrupt,
                 reason);
}

TEST_F(HeifItems, AnIdentityIsItsPicture) {
  const HeifPart identity{"iden", {}, {image_size(kTile)}};
  const Image picture =
      codec::decode(heif_file({coded_part("hvc1"), identity}, {{"dimg", 2, {1}}}), "a").image;
  ASSERT_EQ(picture.size, kTile);
  EXPECT_TRUE(is_red(picture, 4, 4));
  std::vector<HeifPart> parts{coded_part("hvc1")};
  std::vector<HeifReference> references;
  for (std::uint16_t k = 2; k < 12; ++k) {
    parts.push_back(identity);
    references.push_back({"dimg", k, {static_cast<std::uint16_t>(k - 1)}});
  }
  expect_failure(heif_file(parts, references), ErrorCode::kImageUnsupported, "made of each other");
}

TEST_F(HeifItems, OverlaysAndGridsOfMadePicturesAreNotRead) {
  Bytes overlay(10);  // A black canvas of 96x64 pixels, item 1 at its origin
  for (const std::uint64_t number : {96, 64, 0, 0}) {
    for (const std::uint8_t byte : big_endian(number, 2)) overlay.push_back(byte);
  }
  expect_failure(heif_file({coded_part("hvc1"), {"iovl", overlay, {image_size(kTile)}}}, {{"dimg", 2, {1}}}),
                 ErrorCode::kImageUnsupported, "laid over each other");
  const HeifPart grid{"grid", grid_record(1, 1, kTile), {image_size(kTile)}};
  for (const HeifPart& tile : {grid, HeifPart{"iden", {}, {image_size(kTile)}}}) {
    expect_failure(heif_file({coded_part("hvc1"), tile, grid}, {{"dimg", 2, {1}}, {"dimg", 3, {2}}}),
                   ErrorCode::kImageUnsupported, "its tiles are made of other pictures");
  }
}

TEST_F(HeifItems, ATileLargerThanTheLimitIsTooLarge) {
  HeifPart tile = coded_part("hvc1");
  tile.properties[1] = image_size({30000, 30000});
  expect_failure(
      heif_file({tile, {"grid", grid_record(1, 1, kTile), {image_size(kTile)}}}, {{"dimg", 2, {1}}}),
      ErrorCode::kImageTooLarge, "30000x30000");
}

TEST_F(HeifItems, ATileIsAsLargeAsItsDataSay) {
  for (const char* type : {"hvc1", "av01"}) {
    HeifPart tile = coded_part(type);
    tile.properties[1] = image_size({80, 100});
    const HeifPart grid{"grid", grid_record(2, 2, {160, 200}), {image_size({160, 200})}};
    expect_failure(heif_file({tile, grid}, {{"dimg", 2, {1, 1, 1, 1}}}), ErrorCode::kImageCorrupt,
                   "a tile of 100x80 pixels is coded as one of 96x64");
  }
}

TEST_F(HeifItems, CodedDataAboveTheLimitAreTooLarge) {
  for (const char* type : {"hvc1", "av01"}) {
    HeifPart small = coded_part(type);
    small.properties[1] = image_size({8, 8});
    try {
      codec::decode(heif_file({small}, {}), "a.heic", {.max_pixels = 1000});
      ADD_FAILURE() << type;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kImageTooLarge) << error.what();
      EXPECT_THAT(error.what(), HasSubstr("96x64"));
    }
  }
}

TEST_F(HeifItems, CutOrEmptyDataOfATileAreDamage) {
  HeifPart tile = coded_part("hvc1");
  const HeifPart grid{"grid", grid_record(1, 1, kTile), {image_size(kTile)}};
  const auto file = [&] { return heif_file({tile, grid}, {{"dimg", 2, {1}}}); };
  tile.data.resize(tile.data.size() / 2);
  expect_failure(file(), ErrorCode::kImageTruncated, "data end early");
  tile.data.clear();
  expect_failure(file(), ErrorCode::kImageCorrupt, "damaged HEIF file");
}

TEST_F(HeifItems, ReasonsOfTheLibraryAreOneLine) {
  const HeifPart grid{"grid", grid_record(1, 1, kTile), {image_size({40000, 40000})}};
  try {
    codec::decode(heif_file({coded_part("hvc1"), grid}, {{"dimg", 2, {1}}}), "a.heic");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("exceeds the maximum image size"));
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("\n")));
  }
}

}  // namespace
}  // namespace da3::testing
