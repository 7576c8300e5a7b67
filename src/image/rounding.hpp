// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace da3::image {

/// The nearest of 0 to 255, ties to even, to a value between -2^22 and 2^22.
inline std::uint8_t to_byte(float value) {
  // Adding 1.5 * 2^23 leaves no bits for a fraction, which rounds to nearest, ties to even, without a library
  // call; the whole number is in the lowest bits. Clamped as a float, loops over it would not become vectors.
  constexpr float kRounder = 12582912.0F;
  const auto whole = std::bit_cast<std::int32_t>(value + kRounder) - std::bit_cast<std::int32_t>(kRounder);
  return static_cast<std::uint8_t>(std::clamp(whole, 0, 255));
}

}  // namespace da3::image
