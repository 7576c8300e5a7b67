// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace da3 {

/// Height then width, in pixels.
struct Size {
  int height = 0;
  int width = 0;

  std::size_t area() const { return static_cast<std::size_t>(height) * static_cast<std::size_t>(width); }
  auto operator<=>(const Size&) const = default;
};

/// A picture. Shape: (H, W, 3) uint8 RGB, contiguous, row 0 on top.
struct Image {
  Size size;
  std::vector<std::uint8_t> rgb;
};

/// One value a pixel. Shape: (H, W) float32, contiguous. Unit and direction come from the model
/// (`DepthKind`).
struct DepthMap {
  Size size;
  std::vector<float> values;
};

}  // namespace da3
