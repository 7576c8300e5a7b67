// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <da3/image.hpp>
#include <da3/model_spec.hpp>

namespace da3::formats {

/// What the grey values of a 16-bit PNG mean: depth = scale * grey + offset for grey 1..65535; grey 0 is no
/// value.
struct Png16Scale {
  double scale = 0;
  double offset = 0;
  /// Metric maps: values outside what millimetres 1..65535 can say, stored as the nearest of these.
  std::optional<std::uint64_t> clipped;

  auto operator<=>(const Png16Scale&) const = default;
};

struct EncodedPng16 {
  std::vector<std::uint8_t> bytes;
  Png16Scale scale;
};

/// A 16-bit grey PNG of a depth map with scale, offset, kind and unit as text chunks. Metric maps:
/// millimetres, values of zero or less mean no value. Other kinds: the map's own minimum is grey 1, its
/// maximum grey 65535; a constant map has scale 0 and grey 1. `range`, smallest and largest value, stands
/// instead of the map's own for maps that share one scale; values outside it become its ends. Values that are
/// not finite are grey 0. Throws: Error kInternal, kOutOfMemory.
EncodedPng16 encode_png16(const DepthMap& depth, DepthKind kind,
                          const std::optional<std::pair<float, float>>& range = std::nullopt);

/// The smallest and the largest value that a file holds of a map.
struct StoredEnds {
  std::optional<float> low;  ///< None: not known, because the smallest of the map has no place in the file
  float high = 0;
};

/// Those of a 16-bit PNG of a map with these ends; none where it has no value.
std::optional<StoredEnds> png16_ends(float low, float high, DepthKind kind);

}  // namespace da3::formats
