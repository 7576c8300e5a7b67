// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <codec/jpeg_encode.hpp>
#include <formats/results/encoding.hpp>
#include <formats/rgb_png.hpp>

#include <image/colormap.hpp>

namespace da3::formats {

/// The photo, which has the map's height, and the coloured map next to it; row by row where neither shrinks.
std::vector<std::uint8_t> encode_side_file(Encoding& encoding) {
  const OutputSet& set = encoding.set;
  const Image& photo = *set.photo;
  if (encoding.shrinks_map() || encoding.shrinks(photo.size))
    return encode_rgb_png(encoding.side(), PictureKind::kWithPhoto);
  const image::DepthColours colours(set.depth, set.kind, encoding.options.vis, set.near_range);
  const std::size_t photo_bytes = static_cast<std::size_t>(photo.size.width) * 3;
  const FillRow fill = [&](int y, std::span<std::uint8_t> row) {
    const std::uint8_t* const from = photo.rgb.data() + static_cast<std::size_t>(y) * photo_bytes;
    std::copy(from, from + photo_bytes, row.begin());
    colours.fill(y, row.subspan(photo_bytes));
  };
  return encode_rgb_png(fill, {photo.size.height, photo.size.width + set.depth.size.width},
                        PictureKind::kWithPhoto);
}

std::vector<std::uint8_t> encode_side_jpeg_file(Encoding& encoding) {
  return codec::encode_jpeg(encoding.side(), kJpegQuality);
}

/// Of a photo that cannot be packed, and of colours in runs.
std::uint64_t need_side(std::uint64_t pixels, std::uint64_t /*maps*/, const EncodeOptions& /*options*/) {
  return png_need(pixels, 4);
}

std::uint64_t need_side_jpeg(std::uint64_t pixels, std::uint64_t /*maps*/, const EncodeOptions& /*options*/) {
  return 15 * pixels;  // The map, both side by side, and their file
}

}  // namespace da3::formats
