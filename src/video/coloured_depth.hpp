// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <da3/image.hpp>

#include <image/colormap.hpp>

namespace da3::video {

/// A picture as most encoders take it: 8-bit Y'CbCr of BT.709 in limited range, one pair of chroma samples in
/// the middle of each 2 x 2 pixels.
struct HalvedPicture {
  Size size;  ///< Even
  /// Y (H, W), Cb and Cr (H / 2, W / 2), one after the other without gaps.
  std::vector<std::uint8_t> samples;

  std::span<const std::uint8_t> luma() const { return std::span(samples).first(size.area()); }
  std::span<const std::uint8_t> blue() const {
    return std::span(samples).subspan(size.area(), size.area() / 4);
  }
  std::span<const std::uint8_t> red() const { return std::span(samples).last(size.area() / 4); }
};

/// Y', Cb and Cr of a colour, not rounded: BT.709, limited range.
std::array<double, 3> luma_and_chroma(std::uint8_t red, std::uint8_t green, std::uint8_t blue);

/// What image::render_depth shows, without an RGB picture in between: luma is that of each pixel's colour,
/// chroma the mean of four, each rounded once. Odd sides repeat their last row or column. `room`: samples of
/// no use, whose memory the picture takes. Throws: as render_depth.
HalvedPicture coloured_depth(const DepthMap& depth, DepthKind kind, const image::VisOptions& options,
                             std::vector<std::uint8_t> room = {});

}  // namespace da3::video
