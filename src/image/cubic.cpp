// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <vector>

#include <image/cubic.hpp>
#include <image/rounding.hpp>

namespace da3::image {
namespace {

/// The four neighbours of a new pixel: first - 1 to first + 2, which may lie two beyond either edge.
struct Taps {
  std::ptrdiff_t first = 0;
  std::array<float, 4> weights{};
};

std::vector<Taps> taps_for(int from, int to) {
  constexpr float kA = -0.75F;
  const double scale = static_cast<double>(from) / to;
  std::vector<Taps> taps(static_cast<std::size_t>(to));
  for (int i = 0; i < to; ++i) {
    const double centre = (i + 0.5) * scale - 0.5;
    const double below = std::floor(centre);
    const auto t = static_cast<float>(centre - below);
    const float u = 1 - t;
    const float w0 = ((kA * (t + 1) - 5 * kA) * (t + 1) + 8 * kA) * (t + 1) - 4 * kA;
    const float w1 = ((kA + 2) * t - (kA + 3)) * t * t + 1;
    const float w2 = ((kA + 2) * u - (kA + 3)) * u * u + 1;
    taps[static_cast<std::size_t>(i)] = {static_cast<std::ptrdiff_t>(below), {w0, w1, w2, 1 - w0 - w1 - w2}};
  }
  return taps;
}

constexpr std::size_t kMargin = 2;  // Pixels beyond either edge

/// A pixel's channels, and one more that is carried along.
using Pixel = float __attribute__((vector_size(16)));

Pixel load(const float* from) {
  Pixel pixel;
  std::memcpy(&pixel, from, sizeof pixel);
  return pixel;
}

/// The weighted sum of four rows, with the edge pixels repeated into the margins of `out`.
void sum_rows(const Image& picture, const Taps& taps, std::vector<float>& out) {
  const std::size_t samples = static_cast<std::size_t>(picture.size.width) * 3;
  std::array<const std::uint8_t*, 4> rows{};
  for (std::ptrdiff_t k = 0; k < 4; ++k) {
    const std::ptrdiff_t y = std::clamp<std::ptrdiff_t>(taps.first - 1 + k, 0, picture.size.height - 1);
    rows[static_cast<std::size_t>(k)] = picture.rgb.data() + static_cast<std::size_t>(y) * samples;
  }
  float* sums = out.data() + kMargin * 3;
  for (std::size_t i = 0; i < samples; ++i) {
    sums[i] =
        static_cast<float>(rows[0][i]) * taps.weights[0] + static_cast<float>(rows[1][i]) * taps.weights[1] +
        static_cast<float>(rows[2][i]) * taps.weights[2] + static_cast<float>(rows[3][i]) * taps.weights[3];
  }
  for (std::size_t pixel = 0; pixel < kMargin; ++pixel) {
    std::copy_n(sums, 3, out.data() + pixel * 3);
    std::copy_n(sums + samples - 3, 3, sums + samples + pixel * 3);
  }
}

}  // namespace

Image resize_cubic(const Image& picture, Size size) {
  const std::vector<Taps> columns = taps_for(picture.size.width, size.width);
  const std::vector<Taps> rows = taps_for(picture.size.height, size.height);
  std::vector<float> sums((static_cast<std::size_t>(picture.size.width) + 2 * kMargin) * 3 + 1);
  Image result{size, std::vector<std::uint8_t>(size.area() * 3)};
  std::uint8_t* out = result.rgb.data();
  for (const Taps& row : rows) {
    sum_rows(picture, row, sums);
    for (const Taps& column : columns) {
      const float* in = sums.data() + (column.first - 1 + static_cast<std::ptrdiff_t>(kMargin)) * 3;
      const Pixel sum = load(in) * column.weights[0] + load(in + 3) * column.weights[1] +
                        load(in + 6) * column.weights[2] + load(in + 9) * column.weights[3];
      for (int c = 0; c < 3; ++c) *out++ = to_byte(sum[c]);
    }
  }
  return result;
}

}  // namespace da3::image
