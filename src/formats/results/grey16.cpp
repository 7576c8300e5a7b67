// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <formats/png_file.hpp>
#include <formats/results/encoding.hpp>

#include <image/colormap.hpp>

namespace da3::formats {

/// Grey 1 is the farthest of the range, 65535 the nearest, 0 no value.
std::vector<std::uint8_t> encode_grey16_file(Encoding& encoding) {
  const OutputSet& set = encoding.set;
  constexpr double kSteps = 65534;
  const image::NearPosition position_of(set.depth, set.kind, encoding.options.vis.range, set.near_range);
  const auto width = static_cast<std::size_t>(set.depth.size.width);
  const FillRow fill = [&](int y, std::span<std::uint8_t> row) {
    const float* const values = set.depth.values.data() + static_cast<std::size_t>(y) * width;
    for (std::size_t x = 0; x < width; ++x) {
      const double position = position_of(values[x]);
      const unsigned grey = std::isnan(position) ? 0 : static_cast<unsigned>(1.5 + position * kSteps);
      row[2 * x] = static_cast<std::uint8_t>(grey >> 8U);
      row[2 * x + 1] = static_cast<std::uint8_t>(grey);
    }
  };
  PngOptions options;
  options.pixels = PngPixels::kGrey16;
  options.texts = {{"da3:grey", "nearness"}, {"da3:invalid", "0"}};
  return encode_png(fill, set.depth.size, options);
}

std::uint64_t need_grey16(std::uint64_t pixels, std::uint64_t /*maps*/, const EncodeOptions& /*options*/) {
  return png_need(pixels, 2);
}

}  // namespace da3::formats
