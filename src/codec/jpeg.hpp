// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <codec/encoded_picture.hpp>

namespace da3::codec {

/// The header of a JPEG file: everything before its first scan. Throws: Error as `decode`.
PictureHeader read_jpeg_header(const EncodedPicture& picture);

/// The stored picture of a JPEG file, grey spread to RGB. CMYK and YCCK are taken as Adobe writes them
/// (inverted), as the original tool does. A file without its end marker, or with damaged data, is an error
/// even where libjpeg could fill the gap. Throws: Error as `decode`.
Image decode_jpeg(const EncodedPicture& picture, const PictureHeader& header);

}  // namespace da3::codec
