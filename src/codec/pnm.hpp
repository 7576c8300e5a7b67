// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <codec/encoded_picture.hpp>

namespace da3::codec {

/// The header of a PBM, PGM or PPM file (P1 to P6). Throws: Error as `decode`.
PictureHeader read_pnm_header(const EncodedPicture& picture);

/// The picture of such a file; of several in one file the first. Samples are scaled from 0..maxval to 0..255
/// and rounded, as in the original tool. Throws: Error as `decode`.
Image decode_pnm(const EncodedPicture& picture, const PictureHeader& header);

}  // namespace da3::codec
