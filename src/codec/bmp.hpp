// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <codec/encoded_picture.hpp>

namespace da3::codec {

/// The header of a Windows or OS/2 bitmap. Throws: Error as `decode`.
PictureHeader read_bmp_header(const EncodedPicture& picture);

/// The picture of a bitmap: 1, 4, 8, 16, 24 or 32 bits a pixel, plain, with bit masks or run-length coded.
/// Throws: Error as `decode`.
Image decode_bmp(const EncodedPicture& picture, const PictureHeader& header);

}  // namespace da3::codec
