// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include <video/frame.hpp>

#include <da3/image.hpp>

// Colours of frames, as pure functions.
namespace da3::video {

/// Weights of red and blue in luma.
struct LumaWeights {
  double red = 0.299;
  double blue = 0.114;
};

/// The weights of "bt601", "bt709" or "bt2020". Throws: Error kInternal.
LumaWeights luma_weights(std::string_view matrix);

/// The matrix of a video that names none: BT.709 from 1280 columns or more than 576 rows on, else BT.601.
std::string_view assumed_matrix(Size size);

/// Where chroma samples of halved rows or columns lie.
enum class ChromaSite { kCentre, kLeft };

/// Planes of samples of `bits` bits, those above 8 as two bytes, little endian. Chroma planes are divided by
/// `chroma_step` columns and rows; none for grey.
struct Planes {
  Size size;
  int bits = 8;
  std::array<std::span<const std::uint8_t>, 3> samples;  ///< Y, Cb, Cr; rows without gaps
  Size chroma_step{1, 1};                 ///< Rows and columns a chroma sample covers; {0, 0}: grey
  ChromaSite site = ChromaSite::kCentre;  ///< Of halved columns
  LumaWeights weights;
  bool full_range = false;
};

/// RGB of `planes`, chroma interpolated linearly, rounded to 8 bits once. Throws: Error kInternal for planes
/// that are too short.
Image to_rgb(const Planes& planes);

/// 16-bit RGB rounded to 8 bits. `rgb`: (H, W, 3).
Image to_8_bits(std::span<const std::uint16_t> rgb, Size size);

enum class HdrTransfer { kPq, kHlg };

/// 16-bit code values of a BT.2020 HDR picture as an sRGB picture: linear light over the reference white of
/// 203 nits, BT.709 primaries, above 0.8 bent towards 1 by one factor for all three channels. Source: ITU-R
/// BT.2100, BT.2408.
Image tone_map(std::span<const std::uint16_t> rgb, Size size, HdrTransfer transfer);

enum class FirstField { kTop, kBottom };

/// Keeps the first field of an interlaced picture and puts the mean of the lines above and below between its
/// lines.
void keep_first_field(Image& picture, FirstField first);

/// The size of a picture with square pixels: wider or higher, never smaller.
Size square_size(Size size, Ratio sample_aspect);

/// The picture at that size.
Image with_square_pixels(Image picture, Ratio sample_aspect);

}  // namespace da3::video
