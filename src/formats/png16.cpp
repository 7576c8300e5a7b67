// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <formats/png16.hpp>
#include <formats/png_file.hpp>

#include <da3/error.hpp>

#include <core/text.hpp>
#include <core/vector_clones.hpp>

namespace da3::formats {
namespace {

constexpr double kFirstCode = 1;  // 0 is no value
constexpr double kLastCode = 65535;
constexpr double kMetresPerCode = 0.001;

constexpr std::uint16_t big_endian(std::uint16_t code) {
  if constexpr (std::endian::native == std::endian::big) return code;
  return static_cast<std::uint16_t>(code << 8U | code >> 8U);
}

/// Grey 1 is the smallest finite value and 65535 the largest. Both ends in double: scale and offset are exact
/// to 1e-16, so that half a step is the only error.
Png16Scale scale_between(float low, float high) {
  if (!(low <= high)) return {};
  if (low == high) return {0, low, std::nullopt};
  const double scale = (static_cast<double>(high) - low) / (kLastCode - kFirstCode);
  return {scale, low - scale, std::nullopt};
}

Png16Scale relative_scale(const DepthMap& depth, const std::optional<std::pair<float, float>>& range) {
  float low = range ? range->first : std::numeric_limits<float>::infinity();
  float high = range ? range->second : -low;
  for (const float value : depth.values) {
    if (range) break;
    const bool finite = std::isfinite(value);
    low = finite && value < low ? value : low;
    high = finite && value > high ? value : high;
  }
  return scale_between(low, high);
}

/// Codes as a PNG holds them. Without branches, so that the loop works on many values at a time.
DA3_VECTOR_CLONES void relative_codes(const float* values, std::size_t count, double low,
                                      double codes_per_unit, std::uint16_t* __restrict codes) {
  constexpr float kMost = std::numeric_limits<float>::max();
  for (std::size_t i = 0; i < count; ++i) {
    const float value = values[i];
    const double code = (value - low) * codes_per_unit + kFirstCode + 0.5;
    const double above = code > kFirstCode ? code : kFirstCode;
    const int whole = static_cast<int>(above < kLastCode ? above : kLastCode);
    const int kept = whole & -static_cast<int>((value <= kMost) & (value >= -kMost));
    codes[i] = big_endian(static_cast<std::uint16_t>(kept));
  }
}

void put_relative(std::span<const float> values, const Png16Scale& scale, std::uint8_t* to) {
  const double codes_per_unit = scale.scale > 0 ? 1 / scale.scale : 0;
  const double low = scale.offset + scale.scale;
  std::array<std::uint16_t, 512> codes{};
  for (std::size_t begin = 0; begin < values.size(); begin += codes.size()) {
    const std::size_t count = std::min(codes.size(), values.size() - begin);
    relative_codes(values.data() + begin, count, low, codes_per_unit, codes.data());
    std::memcpy(to + 2 * begin, codes.data(), 2 * count);
  }
}

double millimetres(float metres) {
  return std::floor(metres / kMetresPerCode + 0.5);
}

std::uint64_t put_metric(std::span<const float> values, std::uint8_t* to) {
  std::uint64_t clipped = 0;
  for (const float value : values) {
    const bool has_value = std::isfinite(value) && value > 0;
    const double rounded = has_value ? millimetres(value) : 0;
    const double code = has_value ? std::clamp(rounded, kFirstCode, kLastCode) : 0;
    clipped += code != rounded ? 1U : 0U;
    const std::uint16_t bytes = big_endian(static_cast<std::uint16_t>(code));
    std::memcpy(to, &bytes, sizeof(bytes));
    to += 2;
  }
  return clipped;
}

}  // namespace

EncodedPng16 encode_png16(const DepthMap& depth, DepthKind kind,
                          const std::optional<std::pair<float, float>>& range) {
  if (depth.values.size() != depth.size.area()) {
    throw Error(ErrorCode::kInternal, "16-bit PNG: the depth map's values do not fill its size");
  }
  const bool metric = kind == DepthKind::kMetric;
  Png16Scale scale = metric ? Png16Scale{kMetresPerCode, 0, 0} : relative_scale(depth, range);
  // docs/lab/result-files.md
  PngOptions options;
  options.pixels = PngPixels::kGrey16;
  options.filter = PngFilter::kUp;
  options.texts = {{"da3:scale", core::exact_text(scale.scale)},
                   {"da3:offset", core::exact_text(scale.offset)},
                   {"da3:unit", metric ? "m" : "none"},
                   {"da3:kind", std::string(to_string(kind))},
                   {"da3:invalid", "0"}};
  std::uint64_t clipped = 0;
  const auto width = static_cast<std::size_t>(depth.size.width);
  const FillRow fill = [&](int y, std::span<std::uint8_t> row) {
    const auto values = std::span(depth.values).subspan(static_cast<std::size_t>(y) * width, width);
    if (metric) {
      clipped += put_metric(values, row.data());
    } else {
      put_relative(values, scale, row.data());
    }
  };
  std::vector<std::uint8_t> bytes = encode_png(fill, depth.size, options);
  if (metric) scale.clipped = clipped;
  return {std::move(bytes), scale};
}

std::optional<StoredEnds> png16_ends(float low, float high, DepthKind kind) {
  if (kind == DepthKind::kMetric) {
    const auto stored = [](float value) {
      return static_cast<float>(std::clamp(millimetres(value), kFirstCode, kLastCode) * kMetresPerCode);
    };
    if (high <= 0) return std::nullopt;
    return StoredEnds{low > 0 ? std::optional(stored(low)) : std::nullopt, stored(high)};
  }
  const Png16Scale scale = scale_between(low, high);
  return StoredEnds{
      static_cast<float>(scale.scale * kFirstCode + scale.offset),
      static_cast<float>(scale.scale * (scale.scale > 0 ? kLastCode : kFirstCode) + scale.offset)};
}

}  // namespace da3::formats
