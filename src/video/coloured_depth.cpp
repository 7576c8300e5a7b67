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
/// Luma and both chroma samples of a colour in one number, so that one look-up gives all and four are added
/// at once.
constexpr int kBlueShift = 16;
constexpr int kRedShift = 32;
constexpr int kChromaOne = 16;

using Palette = std::array<std::uint64_t, kColours>;

Palette palette_of(const std::string& colormap) {
  std::array<std::uint8_t, 3 * kColours> rgb{};
  const auto table = image::far_to_near_colours(colormap);
  std::copy(table.begin(), table.end(), rgb.begin());
  Palette palette{};
  for (std::size_t i = 0; i < kColours; ++i) {
    const auto [y, cb, cr] = luma_and_chroma(rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]);
    palette[i] = static_cast<std::uint64_t>(std::lround(y)) |
                 static_cast<std::uint64_t>(std::lround(cb * kChromaOne)) << kBlueShift |
                 static_cast<std::uint64_t>(std::lround(cr * kChromaOne)) << kRedShift;
  }
  return palette;
}

/// Where the samples of two rows go.
struct RowPair {
  std::uint8_t* above;  ///< Luma
  std::uint8_t* below;
  std::uint8_t* blue;
  std::uint8_t* red;
};

/// The luma of 2 x 2 colours each and the means of their chroma.
void fill(const Palette& palette, const std::uint16_t* above, const std::uint16_t* below, std::size_t count,
          const RowPair& to) {
  constexpr std::uint64_t kFour = 4 * kChromaOne;
  constexpr std::uint64_t kRound = kFour / 2 << kBlueShift | kFour / 2 << kRedShift;
  for (std::size_t i = 0; i < count; ++i) {
    const std::array<std::uint64_t, 4> colours = {palette[above[2 * i]], palette[above[2 * i + 1]],
                                                  palette[below[2 * i]], palette[below[2 * i + 1]]};
    to.above[2 * i] = static_cast<std::uint8_t>(colours[0]);
    to.above[2 * i + 1] = static_cast<std::uint8_t>(colours[1]);
    to.below[2 * i] = static_cast<std::uint8_t>(colours[2]);
    to.below[2 * i + 1] = static_cast<std::uint8_t>(colours[3]);
    const std::uint64_t sum = colours[0] + colours[1] + colours[2] + colours[3] + kRound;
    to.blue[i] = static_cast<std::uint8_t>((sum >> kBlueShift & 0xFFFFU) / kFour);
    to.red[i] = static_cast<std::uint8_t>((sum >> kRedShift) / kFour);
  }
}

}  // namespace

std::array<double, 3> luma_and_chroma(std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  static const LumaWeights weights = luma_weights("bt709");
  const double y = weights.red * red + (1 - weights.red - weights.blue) * green + weights.blue * blue;
  return {16 + y * 219 / 255, 128 + (blue - y) / (2 * (1 - weights.blue)) * 224 / 255,
          128 + (red - y) / (2 * (1 - weights.red)) * 224 / 255};
}

HalvedPicture coloured_depth(const DepthMap& depth, DepthKind kind, const image::VisOptions& options,
                             std::vector<std::uint8_t> room) {
  const image::NearPosition position(depth, kind, options.range);
  const Palette palette = palette_of(options.colormap);
  const Size shown = depth.size;
  const Size size{shown.height + shown.height % 2, shown.width + shown.width % 2};
  if (room.size() != size.area() / 2 * 3) room = std::vector<std::uint8_t>(size.area() / 2 * 3);
  HalvedPicture picture{size, std::move(room)};
  const auto columns = static_cast<std::size_t>(size.width);
  const auto given = static_cast<std::size_t>(shown.width);
  std::array<std::vector<std::uint16_t>, 2> steps{std::vector<std::uint16_t>(columns),
                                                  std::vector<std::uint16_t>(columns)};
  std::uint8_t* luma = picture.samples.data();
  std::uint8_t* blue = luma + size.area();
  std::uint8_t* red = blue + size.area() / 4;
  for (int y = 0; y < size.height; y += 2) {
    for (int below = 0; below < 2; ++below) {
      std::vector<std::uint16_t>& row = steps[static_cast<std::size_t>(below)];
      const auto from = static_cast<std::size_t>(std::min(y + below, shown.height - 1));
      position.steps(std::span(depth.values).subspan(from * given, given), row);
      row.back() = row[given - 1];
    }
    fill(palette, steps[0].data(), steps[1].data(), columns / 2, {luma, luma + columns, blue, red});
    luma += 2 * columns;
    blue += columns / 2;
    red += columns / 2;
  }
  return picture;
}

}  // namespace da3::video
