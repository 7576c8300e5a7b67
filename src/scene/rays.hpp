// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <scene/samples.hpp>
#include <scene/scene.hpp>

namespace da3::scene {

/// The rays of one view as the network gives them: (rows, columns, 7) float32, of each ray its direction and
/// its origin in the world and its confidence, above 1.
struct RayMap {
  int rows = 0;
  int columns = 0;
  std::span<const float> values;
};

struct RayCamera {
  Camera camera;                            ///< In pixels of the view's input
  std::array<double, 2> focal{};            ///< In half widths and half heights
  std::array<double, 2> principal_point{};  ///< As the factors give it, (1, 1) in the middle; not in `camera`
  double origin_spread = 0;  ///< Root mean square distance of the rays' origins from their mean
};

/// The tries of a view's robust fit where none are given: 100 samples of 8 of the `count` surest rays.
Samples ray_samples(std::size_t count, std::uint64_t view);
/// How many of `num_rays` rays count as the surest.
std::size_t num_candidates(std::size_t num_rays);

/// The camera of these rays, for a picture of `size`. Positions in `samples` count from the surest ray. With
/// `known` the intrinsics are those and the rotation alone is sought. None where the rays are no camera:
/// fewer than 4 agree, a determinant is not above 0, or a value is not finite.
std::optional<RayCamera> camera_from_rays(const RayMap& rays, Size size, const Samples& samples,
                                          const std::optional<std::array<double, 9>>& known = std::nullopt);

}  // namespace da3::scene
