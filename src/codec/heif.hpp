// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <codec/encoded_picture.hpp>

// HEIC, HEIF and AVIF pictures, where this build has libheif (DA3_HAS_LIBHEIF).
namespace da3::codec {

/// The header of the primary picture. Its size is that after the file's own rotation and mirroring, which the
/// decoder applies: the orientation of its EXIF data repeats them and is passed over. Throws: Error as
/// `decode`.
PictureHeader read_heif_header(const EncodedPicture& picture);

/// The primary picture, upright, alpha dropped, of more than 8 bits the upper 8. Throws: Error as `decode`,
/// kImageUnsupported where libheif lacks the decoder of its content.
Image decode_heif(const EncodedPicture& picture, const PictureHeader& header);

}  // namespace da3::codec
