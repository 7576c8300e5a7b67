// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <da3/image.hpp>

// Pictures of 8 bits whose chroma is halved in both directions, which most videos have, to RGB: the bits of
// swscale with the flags of Converter, in a fifth of its time. Another
// FFmpeg may round otherwise: Converter compares the two before it relies on them.
namespace da3::video::av {

/// Planes of Y, Cb and Cr; rows may have gaps.
struct HalvedChroma {
  Size size;  ///< Both sides even, at least 16
  std::array<const std::uint8_t*, 3> planes{};
  std::array<std::ptrdiff_t, 3> strides{};
};

/// What turns codes into RGB, all in 1 / 8192.
struct RgbWeights {
  int black = 16;  ///< Code of Y
  int light = 0;
  int red_of_cr = 0;
  int green_of_cr = 0;  ///< Below 0, as the next
  int green_of_cb = 0;
  int blue_of_cb = 0;
};

/// From the four numbers of sws_getCoefficients.
RgbWeights rgb_weights(std::span<const int, 4> coefficients, bool full_range);

/// What a new sample is made of: four old ones from `first` on.
struct CubicTaps {
  int first = 0;
  std::array<std::int16_t, 4> weights{};
};

/// Cubic interpolation (C = 0.6) of `count` samples to twice as many, which stand at a quarter to both sides
/// of an old one. Weights add up to `one`; samples beyond an end are the last one.
std::vector<CubicTaps> doubling_taps(int count, int one);

/// RGB (H, W, 3).
Image to_rgb(const HalvedChroma& picture, const RgbWeights& weights, std::vector<std::uint8_t> room = {});

}  // namespace da3::video::av
