// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>

#include <codec/decode.hpp>
#include <codec/exif.hpp>
#include <codec/samples.hpp>
#include <gtest/gtest.h>

#include <image/orientation.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::testing {
namespace {

using codec::ExifFields;
using codec::focal_doubt;
using codec::focal_from_exif;
using codec::parse_exif;

TEST(Exif, ReadsItsFieldsInBothByteOrders) {
  for (const bool big_endian : {false, true}) {
    const ExifFields fields = parse_exif(exif_tiff({.big_endian = big_endian,
                                                    .orientation = 8,
                                                    .focal_35mm = 28,
                                                    .focal_100th_mm = 425,
                                                    .plane_resolution = 4000,
                                                    .plane_unit = 3,
                                                    .pixel_width = 4032,
                                                    .pixel_height = 3024}));
    EXPECT_EQ(fields.orientation, 8);
    EXPECT_EQ(fields.focal_35mm, 28.0);
    EXPECT_EQ(fields.focal_mm, 4.25);
    EXPECT_EQ(fields.plane_pixels_per_mm, 400.0);
    EXPECT_EQ(fields.pixel_width, 4032U);
    EXPECT_EQ(fields.pixel_height, 3024U);
  }
}

TEST(Exif, IgnoresValuesThatMakeNoSense) {
  const ExifFields fields =
      parse_exif(exif_tiff({.orientation = 9, .focal_35mm = 0, .plane_resolution = 100, .plane_unit = 1}));
  EXPECT_EQ(fields.orientation, 1);
  EXPECT_FALSE(fields.focal_35mm);
  EXPECT_FALSE(fields.plane_pixels_per_mm);
}

TEST(Exif, SurvivesBlocksThatEndAnywhereOrHoldAnyByte) {
  const Bytes block =
      exif_tiff({.orientation = 6, .focal_35mm = 28, .focal_100th_mm = 425, .plane_resolution = 4000});
  for (std::size_t length = 0; length < block.size(); ++length) {
    const Bytes cut(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(
                                                       length));  // Its own end, for AddressSanitizer
    EXPECT_GE(parse_exif(cut).orientation, 1);
  }
  for (std::size_t at = 0; at < block.size(); ++at) {
    for (const std::uint8_t value : {0x00, 0x7F, 0x80, 0xFF}) {
      Bytes changed = block;
      changed[at] = value;
      const int orientation = parse_exif(changed).orientation;
      EXPECT_TRUE(orientation >= 1 && orientation <= 8);
    }
  }
}

TEST(ExifFocal, ComparesDiagonalsForThe35mmEquivalent) {
  // A 36 x 24 picture has the film's shape: 50 mm are 50 / 36 of its width.
  const auto focal = focal_from_exif({.focal_35mm = 50}, {2400, 3600});
  ASSERT_TRUE(focal);
  EXPECT_NEAR(focal->focal_px, 5000, 1e-9);
  EXPECT_EQ(focal->source, "exif.35mm");
}

TEST(ExifFocal, UsesTheSensorAndFollowsALaterChangeOfSize) {
  ExifFields fields{.focal_mm = 5, .plane_pixels_per_mm = 600, .pixel_width = 4000};
  EXPECT_NEAR(focal_from_exif(fields, {3000, 4000})->focal_px, 3000, 1e-9);
  EXPECT_EQ(focal_from_exif(fields, {3000, 4000})->source, "exif.sensor");
  EXPECT_NEAR(focal_from_exif(fields, {750, 1000})->focal_px, 750, 1e-9);
  EXPECT_NEAR(focal_from_exif(fields, {4000, 3000})->focal_px, 3000, 1e-9);
  // Turned by software and made smaller: the longer side is the height now.
  EXPECT_NEAR(focal_from_exif(fields, {400, 300})->focal_px, 300, 1e-9);
  fields.pixel_height = 3000;
  EXPECT_NEAR(focal_from_exif(fields, {400, 300})->focal_px, 300, 1e-9);
  EXPECT_NEAR(focal_from_exif(fields, {300, 400})->focal_px, 300, 1e-9);
  // A camera that wrote a picture higher than wide.
  fields.pixel_width = 3000;
  fields.pixel_height = 4000;
  EXPECT_NEAR(focal_from_exif(fields, {400, 300})->focal_px, 300, 1e-9);
  EXPECT_NEAR(focal_from_exif(fields, {4000, 3000})->focal_px, 3000, 1e-9);
  fields.pixel_width.reset();
  fields.pixel_height.reset();
  EXPECT_NEAR(focal_from_exif(fields, {750, 1000})->focal_px, 3000, 1e-9);
}

TEST(ExifFocal, IsNotBelievedWhereNoLensHasIt) {
  // Diagonal 43.27 px: a millimetre of the equivalent is a pixel.
  const Size film{24, 36};
  EXPECT_TRUE(focal_from_exif({.focal_35mm = 5}, film));
  EXPECT_TRUE(focal_from_exif({.focal_35mm = 3000}, film));
  EXPECT_FALSE(focal_from_exif({.focal_35mm = 4}, film));
  EXPECT_EQ(focal_doubt({.focal_35mm = 4}, film), "a 35 mm equivalent of 4 mm");
  EXPECT_FALSE(focal_from_exif({.focal_35mm = 65535}, film));
  EXPECT_FALSE(focal_from_exif({.focal_mm = 4.9, .plane_pixels_per_mm = 1}, film));
  EXPECT_TRUE(focal_from_exif({.focal_mm = 5.1, .plane_pixels_per_mm = 1}, film));
  EXPECT_FALSE(focal_from_exif({.focal_mm = 50, .plane_pixels_per_mm = 100}, film));
  EXPECT_EQ(focal_doubt({.focal_mm = 50, .plane_pixels_per_mm = 100}, film), "a 35 mm equivalent of 5000 mm");
}

TEST(ExifFocal, IsNotBelievedWhereItsTwoSourcesDiffer) {
  const Size film{24, 36};
  EXPECT_NEAR(focal_from_exif({.focal_35mm = 50, .focal_mm = 26, .plane_pixels_per_mm = 1}, film)->focal_px,
              50, 1e-9);
  for (const double other : {25.0, 100.0}) {
    const ExifFields fields{.focal_35mm = 50, .focal_mm = other, .plane_pixels_per_mm = 1};
    EXPECT_FALSE(focal_from_exif(fields, film)) << other;
    EXPECT_NE(focal_doubt(fields, film).find("by its sensor"), std::string::npos) << other;
  }
  EXPECT_EQ(focal_doubt({}, film), "");
}

TEST(ExifFocal, IsAbsentWithoutEnoughFields) {
  EXPECT_FALSE(focal_from_exif({}, {10, 10}));
  EXPECT_FALSE(focal_from_exif({.focal_mm = 5}, {10, 10}));
}

TEST(ExifFocal, ComesWithADecodedJpeg) {
  const Bytes jpeg =
      with_exif_segment(encode(sample_picture({24, 36}), ".jpg"), exif_tiff({.focal_35mm = 50}));
  const auto focal = codec::decode(jpeg, "a.jpg").exif_focal;
  ASSERT_TRUE(focal);
  EXPECT_NEAR(focal->focal_px, 50, 1e-9);
}

/// Where EXIF says that pixel (y, x) of the upright picture is stored, in words of the standard: orientation
/// n has its 0th row and 0th column at two sides of what is seen.
std::array<int, 2> stored_at(int orientation, int y, int x, Size stored) {
  const int bottom = stored.height - 1;
  const int right = stored.width - 1;
  switch (orientation) {
    case 2:
      return {y, right - x};
    case 3:
      return {bottom - y, right - x};
    case 4:
      return {bottom - y, x};
    case 5:
      return {x, y};
    case 6:
      return {bottom - x, y};
    case 7:
      return {bottom - x, right - y};
    case 8:
      return {x, right - y};
    default:
      return {y, x};
  }
}

TEST(Orientation, TurnsAllEightWays) {
  const Size stored{70, 131};  // More than one block of the transposition
  const Image picture = sample_picture(stored);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image result = image::upright(picture, orientation);
    ASSERT_EQ(result.size, image::upright_size(stored, orientation));
    for (int y = 0; y < result.size.height; ++y) {
      for (int x = 0; x < result.size.width; ++x) {
        const auto [from_y, from_x] = stored_at(orientation, y, x, stored);
        for (int c = 0; c < 3; ++c) {
          ASSERT_EQ(result.rgb[static_cast<std::size_t>((y * result.size.width + x) * 3 + c)],
                    picture.rgb[static_cast<std::size_t>((from_y * stored.width + from_x) * 3 + c)])
              << orientation << " at " << y << ", " << x;
        }
      }
    }
  }
}

TEST(Orientation, OfAJpegIsAppliedToPixelsAndSize) {
  const TemporaryFolder folder;
  const Bytes plain = encode(sample_picture({30, 50}), ".jpg");
  const Image picture = codec::decode(plain, "a.jpg").image;
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Bytes jpeg =
        with_exif_segment(plain, exif_tiff({.big_endian = orientation % 2 == 0, .orientation = orientation}));
    const Image expected = image::upright(picture, orientation);
    EXPECT_EQ(codec::decode(jpeg, "a.jpg").image.rgb, expected.rgb);
    const auto path = folder.write("a.jpg", {reinterpret_cast<const char*>(jpeg.data()), jpeg.size()});
    EXPECT_EQ(codec::read_size(path), expected.size);
  }
}

}  // namespace
}  // namespace da3::testing
