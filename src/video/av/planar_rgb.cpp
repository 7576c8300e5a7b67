// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <utility>

#include <video/av/planar_rgb.hpp>

#include <core/vector_clones.hpp>

namespace da3::video::av {
namespace {

constexpr int kAcross = 1 << 14;  ///< Sum of the weights along a row
constexpr int kDown = 1 << 12;    ///< Along a column

/// The kernel at `quarters` / 4 samples, times 2^36.
std::int64_t cubic(int quarters) {
  constexpr std::int64_t kOne = std::int64_t{1} << 24;
  constexpr auto kC = static_cast<std::int64_t>(0.6 * kOne);
  const std::int64_t d = std::abs(quarters);
  const std::int64_t d1 = d << 10;  // In 2^12
  const std::int64_t d2 = (d * d) << 8;
  const std::int64_t d3 = (d * d * d) << 6;
  if (d < 4) return (12 * kOne - 6 * kC) * d3 + (-18 * kOne + 6 * kC) * d2 + 6 * kOne * (1 << 12);
  if (d < 8) return -6 * kC * d3 + 30 * kC * d2 - 48 * kC * d1 + 24 * kC * (1 << 12);
  return 0;
}

std::int64_t rounded_ratio(std::int64_t a, std::int64_t b) {
  return (a >= 0 ? a + b / 2 : a - b / 2) / b;
}

/// Weights of whole numbers whose rounding errors are handed on, so that their sum is kept.
std::array<std::int16_t, 4> whole_weights(const std::array<std::int64_t, 4>& weights, int one) {
  const std::int64_t unit = (weights[0] + weights[1] + weights[2] + weights[3] + one / 2) / one;
  std::array<std::int16_t, 4> whole{};
  std::int64_t error = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::int64_t wanted = weights[i] + error;
    const std::int64_t got = rounded_ratio(wanted, unit);
    error = wanted - got * unit;
    whole[i] = static_cast<std::int16_t>(got);
  }
  return whole;
}

std::int16_t to_15_bits(int sum) {
  return static_cast<std::int16_t>(std::min(sum >> 7, 32767));
}

std::int16_t tapped(const std::uint8_t* row, const CubicTaps& taps) {
  int sum = 0;
  for (std::size_t k = 0; k < 4; ++k) sum += row[static_cast<std::size_t>(taps.first) + k] * taps.weights[k];
  return to_15_bits(sum);
}

/// Between the ends all pairs of new samples have the same two sets of weights.
DA3_VECTOR_CLONES void double_middle(const std::uint8_t* row, int count, const CubicTaps& even,
                                     const CubicTaps& odd, std::int16_t* to) {
  const int e0 = even.weights[0];
  const int e1 = even.weights[1];
  const int e2 = even.weights[2];
  const int e3 = even.weights[3];
  const int o0 = odd.weights[0];
  const int o1 = odd.weights[1];
  const int o2 = odd.weights[2];
  const int o3 = odd.weights[3];
  for (int k = 2; k < count - 2; ++k) {
    to[2 * k] = to_15_bits(row[k - 2] * e0 + row[k - 1] * e1 + row[k] * e2 + row[k + 1] * e3);
    to[2 * k + 1] = to_15_bits(row[k - 1] * o0 + row[k] * o1 + row[k + 1] * o2 + row[k + 2] * o3);
  }
}

/// A row of chroma at twice its width, in 15 bits.
void double_row(const std::uint8_t* row, const std::vector<CubicTaps>& taps, std::int16_t* to) {
  const int count = static_cast<int>(taps.size() / 2);
  for (std::size_t i = 0; i < 4; ++i) to[i] = tapped(row, taps[i]);
  double_middle(row, count, taps[4], taps[5], to);
  for (std::size_t i = taps.size() - 4; i < taps.size(); ++i) to[i] = tapped(row, taps[i]);
}

/// Arithmetic of 32 bits that may leave them, as in swscale.
using Wrapping = std::uint32_t;

/// Bits 22 to 29 of a number of 30 bits, clamped.
std::uint8_t to_byte(Wrapping sum) {
  const auto value = static_cast<std::int32_t>(sum);
  const std::int32_t above = value < 0 ? 0 : value;
  constexpr std::int32_t kMost = (1 << 30) - 1;
  return static_cast<std::uint8_t>((above > kMost ? kMost : above) >> 22);
}

struct ChromaRows {
  std::array<const std::int16_t*, 4> cb;
  std::array<const std::int16_t*, 4> cr;
  std::array<std::int16_t, 4> weights;
};

DA3_VECTOR_CLONES void fill_rows(const std::uint8_t* luma, const ChromaRows& rows, const RgbWeights& weights,
                                 int width, std::uint8_t* __restrict red, std::uint8_t* __restrict green,
                                 std::uint8_t* __restrict blue) {
  const std::int16_t* const b0 = rows.cb[0];
  const std::int16_t* const b1 = rows.cb[1];
  const std::int16_t* const b2 = rows.cb[2];
  const std::int16_t* const b3 = rows.cb[3];
  const std::int16_t* const r0 = rows.cr[0];
  const std::int16_t* const r1 = rows.cr[1];
  const std::int16_t* const r2 = rows.cr[2];
  const std::int16_t* const r3 = rows.cr[3];
  const int w0 = rows.weights[0];
  const int w1 = rows.weights[1];
  const int w2 = rows.weights[2];
  const int w3 = rows.weights[3];
  constexpr int kMiddle = (1 << 9) - (128 << 19);
  const int black = weights.black << 9;
  const auto light = static_cast<Wrapping>(weights.light);
  const auto red_of_cr = static_cast<Wrapping>(weights.red_of_cr);
  const auto green_of_cr = static_cast<Wrapping>(weights.green_of_cr);
  const auto green_of_cb = static_cast<Wrapping>(weights.green_of_cb);
  const auto blue_of_cb = static_cast<Wrapping>(weights.blue_of_cb);
  for (int x = 0; x < width; ++x) {
    const auto cb =
        static_cast<Wrapping>((kMiddle + b0[x] * w0 + b1[x] * w1 + b2[x] * w2 + b3[x] * w3) >> 10);
    const auto cr =
        static_cast<Wrapping>((kMiddle + r0[x] * w0 + r1[x] * w1 + r2[x] * w2 + r3[x] * w3) >> 10);
    const Wrapping y = static_cast<Wrapping>((luma[x] << 9) - black) * light + (1U << 21U);
    red[x] = to_byte(y + cr * red_of_cr);
    green[x] = to_byte(y + cr * green_of_cr + cb * green_of_cb);
    blue[x] = to_byte(y + cb * blue_of_cb);
  }
}

DA3_VECTOR_CLONES void interleave(const std::uint8_t* red, const std::uint8_t* green,
                                  const std::uint8_t* blue, std::size_t count, std::uint8_t* __restrict rgb) {
  for (std::size_t i = 0; i < count; ++i) {
    rgb[3 * i] = red[i];
    rgb[3 * i + 1] = green[i];
    rgb[3 * i + 2] = blue[i];
  }
}

/// The last four doubled rows of a chroma plane that were asked for.
class DoubledRows {
 public:
  DoubledRows(const std::uint8_t* plane, std::ptrdiff_t stride, const std::vector<CubicTaps>& taps)
      : plane_(plane), stride_(stride), taps_(&taps), samples_(4 * taps.size()) {}

  const std::int16_t* row(int number) {
    const auto slot = static_cast<std::size_t>(number % 4);
    std::int16_t* const to = samples_.data() + slot * taps_->size();
    if (std::exchange(held_[slot], number) != number) double_row(plane_ + number * stride_, *taps_, to);
    return to;
  }

 private:
  const std::uint8_t* plane_;
  std::ptrdiff_t stride_;
  const std::vector<CubicTaps>* taps_;
  std::vector<std::int16_t> samples_;
  std::array<int, 4> held_{-1, -1, -1, -1};
};

}  // namespace

RgbWeights rgb_weights(std::span<const int, 4> coefficients, bool full_range) {
  const auto scaled = [&](std::int64_t weight) {
    const std::int64_t ranged = full_range ? weight * 224 / 255 : weight;
    return static_cast<int>(std::clamp<std::int64_t>((ranged * (1 << 13) + (1 << 15)) >> 16, -32768, 32767));
  };
  constexpr std::int64_t kUnit = 1 << 16;
  const std::int64_t light = full_range ? kUnit : kUnit * 255 / 219;
  RgbWeights weights;
  weights.black = full_range ? 0 : 16;
  weights.light = static_cast<int>((light * (1 << 13) + (1 << 15)) >> 16);
  weights.red_of_cr = scaled(coefficients[0]);
  weights.blue_of_cb = scaled(coefficients[1]);
  weights.green_of_cb = scaled(-coefficients[2]);
  weights.green_of_cr = scaled(-coefficients[3]);
  return weights;
}

std::vector<CubicTaps> doubling_taps(int count, int one) {
  std::vector<CubicTaps> taps(2 * static_cast<std::size_t>(count));
  for (int i = 0; i < 2 * count; ++i) {
    const int place = 2 * i - 1;  // In quarters of an old sample
    // Towards 0, so that the first two even samples see three.
    int first = (place - 6) / 4;
    if (cubic(4 * first - place) == 0) ++first;
    std::array<std::int64_t, 4> weights{};
    for (int k = 0; k < 4; ++k) weights[static_cast<std::size_t>(k)] = cubic(4 * (first + k) - place);
    std::array<std::int64_t, 4> within{};
    const int start = std::clamp(first, 0, count - 4);
    for (int k = 0; k < 4; ++k) {
      const int at = std::clamp(first + k, 0, count - 1) - start;
      within[static_cast<std::size_t>(at)] += weights[static_cast<std::size_t>(k)];
    }
    taps[static_cast<std::size_t>(i)] = {start, whole_weights(within, one)};
  }
  return taps;
}

Image to_rgb(const HalvedChroma& picture, const RgbWeights& weights, std::vector<std::uint8_t> room) {
  const auto [height, width] = picture.size;
  const std::vector<CubicTaps> across = doubling_taps(width / 2, kAcross);
  const std::vector<CubicTaps> down = doubling_taps(height / 2, kDown);
  DoubledRows cb(picture.planes[1], picture.strides[1], across);
  DoubledRows cr(picture.planes[2], picture.strides[2], across);
  const auto columns = static_cast<std::size_t>(width);
  std::vector<std::uint8_t> colours(3 * columns);
  std::uint8_t* const red = colours.data();
  std::uint8_t* const green = red + columns;
  std::uint8_t* const blue = green + columns;
  room.resize(picture.size.area() * 3);
  Image rgb{picture.size, std::move(room)};
  std::uint8_t* to = rgb.rgb.data();
  for (int y = 0; y < height; ++y) {
    const CubicTaps& taps = down[static_cast<std::size_t>(y)];
    ChromaRows rows{{}, {}, taps.weights};
    for (int k = 0; k < 4; ++k) {
      rows.cb[static_cast<std::size_t>(k)] = cb.row(taps.first + k);
      rows.cr[static_cast<std::size_t>(k)] = cr.row(taps.first + k);
    }
    fill_rows(picture.planes[0] + y * picture.strides[0], rows, weights, width, red, green, blue);
    interleave(red, green, blue, columns, to);
    to += 3 * columns;
  }
  return rgb;
}

}  // namespace da3::video::av
