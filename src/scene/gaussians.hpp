// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <scene/scene.hpp>

namespace da3::scene {

/// Numbers that the network gives for a pixel's Gaussian, and what they are for.
inline constexpr std::size_t kRawGaussian = 38;

/// What Gaussians of a view are made of. Camera and depth are the network's own, before any alignment. With
/// given cameras the original also enlarges the result by how much longer the network's unit is than theirs;
/// whoever brings Gaussians to the given cameras would divide by it again.
struct RawGaussians {
  Size size;
  std::span<const float> values;  ///< (H, W, 38)
  std::span<const float> depth;   ///< (H, W)
  Camera camera;                  ///< In pixels of the network's input
};

/// A Gaussian for every pixel, row by row, in the world of `raw.camera`. Scales may be 0 or below, values not
/// finite.
std::vector<Gaussian> gaussians_of(const RawGaussians& raw, std::uint32_t view);

/// Brings Gaussians into a moved world: means, scales, rotations and harmonics.
void move_gaussians(const Similarity& similarity, std::span<Gaussian> gaussians);

/// Those of a view's Gaussians that are worth keeping: not at the border, none of the farthest pixels.
/// `depth` (H, W): the view's final depth. Gaussians with a scale or value of no use are left out and counted
/// in `unusable`.
std::vector<Gaussian> chosen_gaussians(std::span<const Gaussian> all, Size size, std::span<const float> depth,
                                       double keep_percent, std::size_t& unusable);

}  // namespace da3::scene
