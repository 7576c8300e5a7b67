// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace da3::image {

/// The nearest of 0 to 255, ties to even.
inline std::uint8_t to_byte(float value) {
  // Adding 1.5 * 2^23 leaves no bits for a fraction, which rounds to nearest, ties to even, without a library
  // call.
  constexpr float kRounder = 12582912.0F;
  const float clamped = std::min(std::max(value, 0.0F), 255.0F);
  return static_cast<std::uint8_t>(static_cast<int>((clamped + kRounder) - kRounder));
}

}  // namespace da3::image
