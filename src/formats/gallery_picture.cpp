// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <codec/jpeg_encode.hpp>
#include <formats/gallery_picture.hpp>

#include <image/colormap.hpp>
#include <image/resample.hpp>

namespace da3::formats {
namespace {

constexpr int kQuality = 88;  // Above it files grow faster than the eye finds faults in depth's edges

Size within(Size size, int side) {
  const double shrink = static_cast<double>(side) / std::max(size.height, size.width);
  if (shrink >= 1) return size;
  const auto scaled = [&](int pixels) { return std::max(1, static_cast<int>(std::lround(pixels * shrink))); };
  return {scaled(size.height), scaled(size.width)};
}

}  // namespace

std::vector<std::uint8_t> encode_gallery_picture(const Image& photo, const Image& depth) {
  const Size size = within(depth.size, kGallerySide);
  return codec::encode_jpeg(image::side_by_side(image::resample(photo, size, image::Resampling::kArea),
                                                image::resample(depth, size, image::Resampling::kArea)),
                            kQuality);
}

}  // namespace da3::formats
