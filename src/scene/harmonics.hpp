// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

namespace da3::scene {

/// Turns spherical harmonics of degree 0 to 2 as programs for Gaussian splatting order them: `apply` gives
/// the coefficients of the function that is turned by the rotation, in the original's sense (see the source).
class HarmonicsRotation {
 public:
  /// (3, 3) row-major.
  explicit HarmonicsRotation(const std::array<double, 9>& rotation);
  /// Colour-major (3, 9).
  void apply(std::array<float, 27>& harmonics) const;

 private:
  std::array<double, 9> first_;    ///< (3, 3) of degree 1
  std::array<double, 25> second_;  ///< (5, 5) of degree 2
};

}  // namespace da3::scene
