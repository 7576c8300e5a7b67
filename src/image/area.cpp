// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include <core/vector_clones.hpp>
#include <image/area.hpp>
#include <image/rounding.hpp>

// OpenCV's order of operations: each row of the picture is summed across, pixel by pixel, then down, row by
// row; another order would round otherwise.
namespace da3::image {
namespace {

/// A pixel's channels, and one more that is carried along.
using Pixel = float __attribute__((vector_size(16)));

/// What the new pixels along an axis are made of: each of the same number of old ones in a row, from first[i]
/// on. Weights are 0 where there are fewer, also beyond the last old one; sums keep their bits.
struct Taps {
  std::size_t count = 0;
  std::vector<std::size_t> first;
  std::vector<float> weights;  ///< count for each new pixel
};

/// Shares of a pixel below this are left out.
constexpr double kLeastShare = 1e-3;

Taps taps_for(int from, int to, double scale) {
  Taps taps;
  taps.count = static_cast<std::size_t>(std::ceil(scale)) + 1;
  taps.weights.resize(taps.count * static_cast<std::size_t>(to));
  float* weight = taps.weights.data();
  for (int i = 0; i < to; ++i, weight += taps.count) {
    const double begin = i * scale;
    const double end = begin + scale;
    const double width = std::min(scale, from - begin);
    const int last = std::min(static_cast<int>(std::floor(end)), from - 1);
    const int whole = std::min(static_cast<int>(std::ceil(begin)), last);
    const bool starts_within = whole - begin > kLeastShare;
    const int first = starts_within ? whole - 1 : whole;
    taps.first.push_back(static_cast<std::size_t>(first));
    if (starts_within) weight[0] = static_cast<float>((whole - begin) / width);
    for (int at = whole; at < last; ++at) weight[at - first] = static_cast<float>(1.0 / width);
    if (end - last > kLeastShare)
      weight[last - first] = static_cast<float>(std::min({end - last, 1.0, width}) / width);
  }
  return taps;
}

Pixel load(const float* from) {
  Pixel pixel;
  std::memcpy(&pixel, from, sizeof pixel);
  return pixel;
}

DA3_VECTOR_CLONES void to_floats(const std::uint8_t* bytes, std::size_t count, float* __restrict values) {
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(bytes[i]);
}

DA3_VECTOR_CLONES void to_bytes(const float* values, std::size_t count, std::uint8_t* __restrict bytes) {
  for (std::size_t i = 0; i < count; ++i) bytes[i] = to_byte(values[i]);
}

DA3_VECTOR_CLONES void add(const float* values, float weight, std::size_t count, float* __restrict sums) {
  for (std::size_t i = 0; i < count; ++i) sums[i] += weight * values[i];
}

/// The new pixels of one row. `values` takes the old ones and holds numbers behind them for columns.count
/// pixels and a value more; behind `sums` there is a value.
void sum_across(std::span<const std::uint8_t> row, const Taps& columns, float* values, float* sums) {
  to_floats(row.data(), row.size(), values);
  const float* weights = columns.weights.data();
  for (const std::size_t first : columns.first) {
    const float* const from = values + first * 3;
    Pixel sum{};
    for (std::size_t i = 0; i < columns.count; ++i) sum = sum + load(from + i * 3) * weights[i];
    std::memcpy(sums, &sum, sizeof sum);
    sums += 3;
    weights += columns.count;
  }
}

bool is_whole(double factor) {
  return std::abs(factor - std::nearbyint(factor)) < std::numeric_limits<double>::epsilon();
}

}  // namespace

std::optional<Image> shrink_by_area(const Image& picture, Size size) {
  const double across = 1.0 / (static_cast<double>(size.width) / picture.size.width);
  const double down = 1.0 / (static_cast<double>(size.height) / picture.size.height);
  if (across < 1 || down < 1 || (is_whole(across) && is_whole(down))) return std::nullopt;
  const Taps columns = taps_for(picture.size.width, size.width, across);
  const Taps rows = taps_for(picture.size.height, size.height, down);
  const std::size_t num_values = static_cast<std::size_t>(picture.size.width) * 3;
  const std::size_t num_sums = static_cast<std::size_t>(size.width) * 3;
  std::vector<float> values(num_values + columns.count * 3 + 1);
  std::vector<float> across_sums(num_sums + 1);
  std::vector<float> sums(num_sums);
  Image result{size, std::vector<std::uint8_t>(size.area() * 3)};
  std::uint8_t* out = result.rgb.data();
  auto summed = std::numeric_limits<std::size_t>::max();  // The row of across_sums
  const float* weight = rows.weights.data();
  for (const std::size_t first : rows.first) {
    std::fill(sums.begin(), sums.end(), 0.0F);
    for (std::size_t row = first; row < first + rows.count; ++row, ++weight) {
      if (*weight == 0) continue;
      if (row != summed)
        sum_across(std::span(picture.rgb).subspan(row * num_values, num_values), columns, values.data(),
                   across_sums.data());
      summed = row;
      add(across_sums.data(), *weight, num_sums, sums.data());
    }
    to_bytes(sums.data(), num_sums, out);
    out += num_sums;
  }
  return result;
}

}  // namespace da3::image
