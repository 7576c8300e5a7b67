// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include <formats/png_file.hpp>

#include <da3/image.hpp>

namespace da3::formats {

/// What a picture shows; it decides how it is packed (docs/output-formats.md, Measurements).
enum class PictureKind { kColouredMap, kWithPhoto };

/// An 8-bit RGB PNG of `picture`. Throws: Error kInternal, kOutOfMemory.
std::vector<std::uint8_t> encode_rgb_png(const Image& picture, PictureKind kind);
/// The same row by row, as encode_png.
std::vector<std::uint8_t> encode_rgb_png(const FillRow& fill, Size size, PictureKind kind);

}  // namespace da3::formats
