// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <codec/encoded_picture.hpp>

namespace da3::codec {

enum class PictureFormat { kJpeg, kPng, kBmp, kWebp, kTiff, kPnm, kHeif };

/// True if this build reads HEIC, HEIF and AVIF pictures.
bool reads_heif();
/// The version of the libheif that runs, empty without one.
std::string heif_version();

/// The format that the content shows; the name decides only where formats share a beginning (camera raw files
/// are TIFF files). Throws: Error kImageUnsupported with how to convert it, kImageTruncated for a file that
/// is empty or ends within a known beginning, kImageCorrupt for one of zero bytes only.
PictureFormat detect_format(const EncodedPicture& picture);

}  // namespace da3::codec
