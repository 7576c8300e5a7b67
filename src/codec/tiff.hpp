// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <codec/encoded_picture.hpp>

namespace da3::codec {

/// The header of the largest page of a TIFF file, which may stand anywhere in it. Throws: Error as `decode`.
PictureHeader read_tiff_header(const EncodedPicture& picture);

/// The stored picture of the largest page: strips or tiles, any colour space libtiff turns into RGB, alpha
/// dropped, of 16 bits the upper 8. Throws: Error as `decode`.
Image decode_tiff(const EncodedPicture& picture, const PictureHeader& header);

}  // namespace da3::codec
