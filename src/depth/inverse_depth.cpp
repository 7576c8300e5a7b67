// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include <depth/inverse_depth.hpp>

namespace da3::depth {

DepthMap depth_from_inverse(DepthMap map) {
  float largest = 0;
  for (const float value : map.values) {
    if (std::isfinite(value)) largest = std::max(largest, value);
  }
  const float farthest = kFarthestOverNearest / largest;
  for (float& value : map.values) {
    if (!std::isfinite(value) || !std::isfinite(farthest)) {
      value = std::numeric_limits<float>::quiet_NaN();
    } else {
      value = value * kFarthestOverNearest > largest ? 1.0F / value : farthest;
    }
  }
  return map;
}

}  // namespace da3::depth
