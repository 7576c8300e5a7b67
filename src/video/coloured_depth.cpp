// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <utility>

#include <video/colour.hpp>
#include <video/coloured_depth.hpp>

#include <image/colormap_tables.hpp>

namespace da3::video {
namespace {

constexpr int kColours = image::NearPosition::kSteps + 1;  ///< With that for no value
/// Both chroma samples of a colour in one number, so that four are added at once.
constexpr int kChromaOne = 16;
constexpr int kRedShift = 16;

struct Palette {
  std::array<std::uint8_t, kColours> luma{};
  std::array<std::uint32_t, kColours> chroma{};
};

Palette palette_of(const std::string& colormap) {
  std::array<std::uint8_t, 3 * kColours> rgb{};
  const auto table = image::far_to_near_colours(colormap);
  std::copy(table.begin(), table.end(), rgb.begin());
  Palette palette;
  for (std::size_t i = 0; i < kColours; ++i) {
    const auto [y, cb, cr] = luma_and_chroma(rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]);
    palette.luma[i] = static_cast<std::uint8_t>(std::lround(y));
    palette.chroma[i] = static_cast<std::uint32_t>(std::lround(cb * kChromaOne)) |
                        static_cast<std::uint32_t>(std::lround(cr * kChromaOne)) << kRedShift;
  }
  return palette;
}

/// The means of the chroma of 2 x 2 colours each.
void halve_chroma(const Palette& palette, const std::uint16_t* above, const std::uint16_t* below,
                  std::size_t count, std::uint8_t* blue, std::uint8_t* red) {
  constexpr std::uint32_t kFour = 4 * kChromaOne;
  constexpr std::uint32_t kRound = kFour / 2 | kFour / 2 << kRedShift;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t sum = palette.chroma[above[2 * i]] + palette.chroma[above[2 * i + 1]] +
                              palette.chroma[below[2 * i]] + palette.chroma[below[2 * i + 1]] + kRound;
    blue[i] = static_cast<std::uint8_t>((sum & 0xFFFFU) / kFour);
    red[i] = static_cast<std::uint8_t>((sum >> kRedShift) / kFour);
  }
}

}  // namespace

std::array<double, 3> luma_and_chroma(std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  static const LumaWeights weights = luma_weights("bt709");
  const double y = weights.red * red + (1 - weights.red - weights.blue) * green + weights.blue * blue;
  return {16 + y * 219 / 255, 128 + (blue - y) / (2 * (1 - weights.blue)) * 224 / 255,
          128 + (red - y) / (2 * (1 - weights.red)) * 224 / 255};
}

HalvedPicture coloured_depth(const DepthMap& depth, DepthKind kind, const image::VisOptions& options) {
  const image::NearPosition position(depth, kind, options.range);
  const Palette palette = palette_of(options.colormap);
  const Size shown = depth.size;
  const Size size{shown.height + shown.height % 2, shown.width + shown.width % 2};
  HalvedPicture picture{size, std::vector<std::uint8_t>(size.area() / 2 * 3)};
  const auto columns = static_cast<std::size_t>(size.width);
  const auto given = static_cast<std::size_t>(shown.width);
  std::array<std::vector<std::uint16_t>, 2> steps{std::vector<std::uint16_t>(columns),
                                                  std::vector<std::uint16_t>(columns)};
  std::uint8_t* luma = picture.samples.data();
  std::uint8_t* blue = luma + size.area();
  std::uint8_t* red = blue + size.area() / 4;
  for (int y = 0; y < size.height; y += 2, blue += columns / 2, red += columns / 2) {
    for (int below = 0; below < 2; ++below, luma += columns) {
      std::vector<std::uint16_t>& row = steps[static_cast<std::size_t>(below)];
      const auto from = static_cast<std::size_t>(std::min(y + below, shown.height - 1));
      position.steps(std::span(depth.values).subspan(from * given, given), row);
      row.back() = row[given - 1];
      for (std::size_t x = 0; x < columns; ++x) luma[x] = palette.luma[row[x]];
    }
    halve_chroma(palette, steps[0].data(), steps[1].data(), columns / 2, blue, red);
  }
  return picture;
}

}  // namespace da3::video
