// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include <da3/image.hpp>

namespace da3::formats {

/// The larger side of each half of a gallery's picture, at most.
inline constexpr int kGallerySide = 1024;

/// What a gallery shows of one photo, as one JPEG file: the photo in the left half, the coloured depth map in
/// the right. Larger pictures are made smaller. Throws: Error kOutOfMemory.
std::vector<std::uint8_t> encode_gallery_picture(const Image& photo, const Image& depth);

}  // namespace da3::formats
