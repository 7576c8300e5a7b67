// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include <da3/error.hpp>
#include <da3/export.hpp>
#include <da3/image.hpp>

namespace da3 {

/// The picture in a file (JPEG, PNG, BMP, WebP, TIFF, PNM), upright by its EXIF record, 8-bit RGB.
/// Throws: Error kInputNotFound, kInputUnreadable, kInputNotRegular, kImageUnsupported, kImageTruncated,
/// kImageCorrupt, kImageTooLarge (above 2^28 pixels).
DA3_API Image read_photo(const std::filesystem::path& file);

/// The same from memory. Lifetime of `bytes`: the call.
DA3_API Image decode_photo(std::span<const std::uint8_t> bytes);

}  // namespace da3
