// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>

#include <formats/results/encoding.hpp>

#include <core/text.hpp>
#include <image/colormap.hpp>
#include <image/resample.hpp>

namespace da3::formats {
namespace {

/// The picture with a longer side of at most `side` pixels.
Image preview_of(Image picture, const std::optional<int>& side) {
  const int longer = std::max(picture.size.height, picture.size.width);
  if (!side || longer <= *side) return picture;
  const double shrink = static_cast<double>(*side) / longer;
  const auto scaled = [&](int pixels) { return std::max(1, static_cast<int>(std::lround(pixels * shrink))); };
  return image::resample(picture, {scaled(picture.size.height), scaled(picture.size.width)},
                         image::Resampling::kArea);
}

}  // namespace

bool Encoding::shrinks(Size size) const {
  return options.preview && std::max(size.height, size.width) > *options.preview;
}

const Image& Encoding::vis() {
  if (!vis_)
    vis_ = preview_of(image::render_depth(set.depth, set.kind, options.vis, set.near_range), options.preview);
  return *vis_;
}

Image Encoding::side() {
  const Image photo = preview_of(*set.photo, options.preview);
  return image::side_by_side(photo.size.height == vis().size.height
                                 ? photo
                                 : image::resample(photo, vis().size, image::Resampling::kArea),
                             vis());
}

NamedMaps named_maps(const OutputSet& set, const char* depth_name) {
  NamedMaps maps{{depth_name, &set.depth}};
  if (set.confidence) maps.emplace_back("confidence", &*set.confidence);
  if (set.sky) maps.emplace_back("sky", &*set.sky);
  return maps;
}

std::string camera_text(const OutputSet& set, const char* between) {
  if (!set.camera) return {};
  const std::array<std::string, 4> numbers{core::exact_text(set.camera->fx), core::exact_text(set.camera->fy),
                                           core::exact_text(set.camera->cx),
                                           core::exact_text(set.camera->cy)};
  return core::joined(numbers, between);
}

std::uint64_t png_need(std::uint64_t pixels, std::uint64_t file_bytes) {
  return pixels * file_bytes;
}

}  // namespace da3::formats
