// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <codec/jpeg_encode.hpp>
#include <formats/results/encoding.hpp>
#include <formats/rgb_png.hpp>

#include <image/colormap.hpp>

namespace da3::formats {

std::vector<std::uint8_t> encode_vis_file(Encoding& encoding) {
  if (encoding.shrinks_map()) return encode_rgb_png(encoding.vis(), PictureKind::kColouredMap);
  const OutputSet& set = encoding.set;
  const image::DepthColours colours(set.depth, set.kind, encoding.options.vis, set.near_range);
  return encode_rgb_png([&](int y, std::span<std::uint8_t> row) { colours.fill(y, row); }, set.depth.size,
                        PictureKind::kColouredMap);
}

std::vector<std::uint8_t> encode_vis_jpeg_file(Encoding& encoding) {
  return codec::encode_jpeg(encoding.vis(), kJpegQuality);
}

std::uint64_t need_vis(std::uint64_t pixels, std::uint64_t /*maps*/, const EncodeOptions& /*options*/) {
  return png_need(pixels, 3);
}

std::uint64_t need_vis_jpeg(std::uint64_t pixels, std::uint64_t /*maps*/, const EncodeOptions& /*options*/) {
  return 6 * pixels;  // Picture and file
}

}  // namespace da3::formats
