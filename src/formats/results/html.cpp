// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <formats/gallery_picture.hpp>
#include <formats/results/encoding.hpp>

#include <image/colormap.hpp>

namespace da3::formats {

std::vector<std::uint8_t> encode_html_file(Encoding& encoding) {
  const OutputSet& set = encoding.set;
  return encode_gallery_picture(
      *set.photo, image::render_depth(set.depth, set.kind, encoding.options.vis, set.near_range));
}

std::uint64_t need_html(std::uint64_t pixels, std::uint64_t /*maps*/, const EncodeOptions& /*options*/) {
  return 15 * pixels;  // The map, both side by side, and their file
}

}  // namespace da3::formats
