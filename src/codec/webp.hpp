// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <codec/encoded_picture.hpp>

namespace da3::codec {

/// The header of a WebP file, with its EXIF chunk. Throws: Error as `decode`.
PictureHeader read_webp_header(const EncodedPicture& picture);

/// The stored picture of a WebP file, alpha dropped; of an animation the first frame if it covers the canvas.
/// Throws: Error as `decode`.
Image decode_webp(const EncodedPicture& picture, const PictureHeader& header);

}  // namespace da3::codec
