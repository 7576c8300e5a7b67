// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>

#include <formats/rgb_png.hpp>
#include <scene/principal.hpp>

#include <run/scene/feature_pictures.hpp>

namespace da3::run {
namespace {

/// The patch of each pixel along an axis; -1 where the input does not reach.
std::vector<int> patch_of_pixels(int pixels, int resized, int cut, int input, int patches) {
  std::vector<int> found(static_cast<std::size_t>(pixels));
  for (int i = 0; i < pixels; ++i) {
    const double place = (i + 0.5) * resized / pixels - cut;
    const bool within = place >= 0 && place < input;
    found[static_cast<std::size_t>(i)] =
        within ? std::min(patches - 1, static_cast<int>(place * patches / input)) : -1;
  }
  return found;
}

}  // namespace

std::vector<std::uint8_t> feature_colours(const FeatureMaps& maps, std::size_t layer, std::size_t views) {
  const std::vector<float>& values = maps.layers[layer];
  return scene::principal_colours(values, values.size() / (views * maps.size.area()));
}

std::vector<std::uint8_t> encode_feature_picture(const scene::View& view, Size patches,
                                                 std::span<const std::uint8_t> colours,
                                                 options::ResultSize size) {
  const bool at_photo = size == options::ResultSize::kInput;
  const Size input = view.input.size;
  const Size whole = at_photo ? view.place.photo_size : input;
  const Size resized = at_photo ? view.place.resized : input;
  const std::vector<int> rows = patch_of_pixels(whole.height, resized.height, at_photo ? view.place.top : 0,
                                                input.height, patches.height);
  const std::vector<int> columns =
      patch_of_pixels(whole.width, resized.width, at_photo ? view.place.left : 0, input.width, patches.width);
  const auto fill = [&](int y, std::span<std::uint8_t> row) {
    std::ranges::fill(row, std::uint8_t{0});
    const int patch_row = rows[static_cast<std::size_t>(y)];
    if (patch_row < 0) return;
    const std::uint8_t* const from = colours.data() + std::size_t{3} * static_cast<std::size_t>(patch_row) *
                                                          static_cast<std::size_t>(patches.width);
    for (std::size_t x = 0; x < columns.size(); ++x) {
      if (columns[x] >= 0) std::memcpy(&row[3 * x], from + 3 * static_cast<std::size_t>(columns[x]), 3);
    }
  };
  return formats::encode_rgb_png(fill, whole, formats::PictureKind::kColouredMap);
}

}  // namespace da3::run
