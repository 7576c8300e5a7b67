// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <formats/png_file.hpp>
#include <formats/rgb_png.hpp>

namespace da3::formats {

namespace {

PngOptions rgb_options(PictureKind kind) {
  PngOptions options;
  options.pixels = PngPixels::kRgb8;
  if (kind == PictureKind::kColouredMap) {
    // Few colours in long runs: repetitions are found without a filter, and a filter would hide them.
    options.filter = PngFilter::kNone;
  } else {
    options.filter = PngFilter::kSub;
  }
  return options;
}

}  // namespace

std::vector<std::uint8_t> encode_rgb_png(const Image& picture, PictureKind kind) {
  return encode_png(picture.rgb, picture.size, rgb_options(kind));
}

std::vector<std::uint8_t> encode_rgb_png(const FillRow& fill, Size size, PictureKind kind) {
  return encode_png(fill, size, rgb_options(kind));
}

}  // namespace da3::formats
