// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <codec/jpeg_encode.hpp>
#include <formats/results/encoding.hpp>
#include <formats/rgb_png.hpp>

namespace da3::formats {

std::vector<std::uint8_t> encode_side_file(Encoding& encoding) {
  return encode_rgb_png(encoding.side(), PictureKind::kWithPhoto);
}

std::vector<std::uint8_t> encode_side_jpeg_file(Encoding& encoding) {
  return codec::encode_jpeg(encoding.side(), kJpegQuality);
}

std::uint64_t need_side(std::uint64_t pixels, std::uint64_t /*maps*/, const EncodeOptions& /*options*/) {
  return 3 * pixels + png_need(pixels, 6);  // Both pictures side by side, next to the coloured map
}

}  // namespace da3::formats
