// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include <formats/png16.hpp>
#include <formats/png_file.hpp>

#include <da3/error.hpp>

#include <core/text.hpp>

namespace da3::formats {
namespace {

constexpr double kFirstCode = 1;  // 0 is no value
constexpr double kLastCode = 65535;
constexpr double kMetresPerCode = 0.001;

void put_big_endian(std::uint8_t* to, unsigned code) {
  to[0] = static_cast<std::uint8_t>(code >> 8U);
  to[1] = static_cast<std::uint8_t>(code);
}

/// Grey 1 is the smallest finite value and 65535 the largest. Both ends in double: scale and offset are exact
/// to 1e-16, so that half a step is the only error.
Png16Scale relative_scale(const DepthMap& depth, const std::optional<std::pair<float, float>>& range) {
  float low = range ? range->first : std::numeric_limits<float>::infinity();
  float high = range ? range->second : -low;
  for (const float value : depth.values) {
    if (range) break;
    const bool finite = std::isfinite(value);
    low = finite && value < low ? value : low;
    high = finite && value > high ? value : high;
  }
  if (!(low <= high)) return {};
  if (low == high) return {0, low, std::nullopt};
  const double scale = (static_cast<double>(high) - low) / (kLastCode - kFirstCode);
  return {scale, low - scale, std::nullopt};
}

void put_relative(std::span<const float> values, const Png16Scale& scale, std::uint8_t* to) {
  const double codes_per_unit = scale.scale > 0 ? 1 / scale.scale : 0;
  const double low = scale.offset + scale.scale;
  for (const float value : values) {
    const double code =
        std::isfinite(value) ? std::max((value - low) * codes_per_unit + kFirstCode + 0.5, kFirstCode) : 0;
    put_big_endian(to, static_cast<unsigned>(std::min(code, kLastCode)));
    to += 2;
  }
}

std::uint64_t put_metric(std::span<const float> values, std::uint8_t* to) {
  std::uint64_t clipped = 0;
  for (const float value : values) {
    const bool has_value = std::isfinite(value) && value > 0;
    const double rounded = has_value ? std::floor(value / kMetresPerCode + 0.5) : 0;
    const double code = has_value ? std::clamp(rounded, kFirstCode, kLastCode) : 0;
    clipped += code != rounded ? 1U : 0U;
    put_big_endian(to, static_cast<unsigned>(code));
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
  // Filter up and level 1: docs/output-formats.md, Measurements.
  PngOptions options;
  options.pixels = PngPixels::kGrey16;
  options.filter = PngFilter::kUp;
  options.level = 1;
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

}  // namespace da3::formats
