// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace da3::scene {

/// The mean of vectors and the three directions in which they differ most, of length 1, the widest first. The
/// largest of a direction's numbers is above 0. Fewer than three channels: zeros.
struct PrincipalDirections {
  std::vector<double> mean;
  std::array<std::vector<double>, 3> directions;
};

/// Of `vectors` (N, channels), N >= 1, by the eigenvectors of their covariance in float64.
PrincipalDirections principal_directions(std::span<const float> vectors, std::size_t channels);

/// A colour (R, G, B) for each vector (N, channels): its place along the three directions, each with 0 at the
/// 10th and 255 at the 90th percentile of all vectors. (N, 3). A direction without extent: 128.
std::vector<std::uint8_t> principal_colours(std::span<const float> vectors, std::size_t channels);

}  // namespace da3::scene
