// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <codec/decode.hpp>

#include <da3/image.hpp>

namespace da3::codec {

/// What is used of a picture's EXIF data; fields that are absent or make no sense are none.
struct ExifFields {
  int orientation = 1;  ///< 1..8 as in EXIF: 1 upright, 3 half turn, 6 turn clockwise to see it, ...
  std::optional<double> focal_35mm{};           ///< FocalLengthIn35mmFilm, mm.
  std::optional<double> focal_mm{};             ///< FocalLength.
  std::optional<double> plane_pixels_per_mm{};  ///< FocalPlaneXResolution with its unit.
  std::optional<std::uint32_t> pixel_width{};   ///< PixelXDimension: width of the picture the camera wrote.
  std::optional<std::uint32_t> pixel_height{};  ///< PixelYDimension, its height.
};

/// The fields of a TIFF structure ("II*" or "MM*" first). Damaged data give what was read until then: a
/// picture is not refused for its EXIF. Never reads past `tiff`, and reads each directory at most once.
ExifFields parse_exif(std::span<const std::uint8_t> tiff);

/// The focal length in pixels of a stored picture of `stored` size; none without one, or if it is in doubt.
/// From the 35 mm equivalent, which compares diagonals (CIPA DCG-001): f35 / 43.27 mm * diagonal in pixels.
/// Otherwise f * pixels per mm on the sensor, times the longer stored side / the longer side that the camera
/// wrote, for a picture that was made smaller or turned since.
std::optional<ExifFocal> focal_from_exif(const ExifFields& fields, Size stored);

/// Why the focal length that the data give is not believed, such as "a 35 mm equivalent of 1.2 mm": no lens
/// has it (below 5 or above 3000 mm), or its two sources differ by a factor of two or more. Empty if it is
/// believed, or if there is none.
std::string focal_doubt(const ExifFields& fields, Size stored);

}  // namespace da3::codec
