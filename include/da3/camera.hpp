// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

namespace da3 {

/// Where a view's camera stands and what it sees: x = intrinsics * camera_from_world * (X, Y, Z, 1), then
/// divided by its third element. Row-major. The camera looks along +Z, +Y is down.
struct Camera {
  std::array<double, 12> camera_from_world{};  ///< (3, 4), a rotation and a translation of depth's unit
  /// (3, 3) in pixels of the view's maps: (0, 0) is a corner, the first pixel's centre is at (0.5, 0.5).
  std::array<double, 9> intrinsics{};
  bool operator==(const Camera&) const = default;
};

}  // namespace da3
