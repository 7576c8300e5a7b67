// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include <da3/error.hpp>
#include <da3/export.hpp>
#include <da3/image.hpp>

namespace da3 {

/// A photo and what travels with it.
struct Photo {
  Image image;  ///< Upright, 8-bit RGB
  std::optional<double>
      focal_px;              ///< Focal length in pixels of `image`, as the camera wrote it; none: unknown
  std::string focal_source;  ///< "exif.35mm" or "exif.sensor"; empty without focal_px
};

/// The picture in a file (JPEG, PNG, BMP, WebP, TIFF, PNM), upright by its EXIF record,
/// with its focal length.
/// Throws: Error kInputNotFound, kInputUnreadable, kInputNotRegular, kImageUnsupported, kImageTruncated,
/// kImageCorrupt, kImageTooLarge (above 2^28 pixels).
DA3_API Photo read_photo(const std::filesystem::path& file);

/// The same from memory. Lifetime of `bytes`: the call.
DA3_API Photo decode_photo(std::span<const std::uint8_t> bytes);

}  // namespace da3
