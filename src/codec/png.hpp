// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include <codec/encoded_picture.hpp>

namespace da3::codec {

/// The header of a PNG file, with its EXIF chunk. Throws: Error as `decode`.
PictureHeader read_png_header(const EncodedPicture& picture);

/// The stored picture of a PNG file: palette resolved, grey spread, alpha dropped, of 16 bits the upper 8. A
/// wrong checksum anywhere, missing data or a missing end is an error. Throws: Error as `decode`.
Image decode_png(const EncodedPicture& picture, const PictureHeader& header);

/// Grey levels as they are stored, (H, W).
struct Grey16 {
  Size size;
  std::vector<std::uint16_t> values;
};

/// The samples of a PNG of one 16-bit grey channel. Throws: Error as `decode`, kImageUnsupported for any
/// other kind of PNG.
Grey16 decode_grey16_png(const EncodedPicture& picture);

}  // namespace da3::codec
