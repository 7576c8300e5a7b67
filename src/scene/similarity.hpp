// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>

#include <scene/scene.hpp>

namespace da3::scene {

std::array<double, 3> moved(const Similarity& similarity, const std::array<double, 3>& point);

/// The camera in the moved world: it sees the moved points where it saw the points.
Camera moved(const Similarity& similarity, const Camera& camera);

/// First `inner`, then `outer`.
Similarity composed(const Similarity& outer, const Similarity& inner);

/// Back again. `similarity.scale` is not 0.
Similarity inverted(const Similarity& similarity);

/// From the world of `from` to that of `to`, where both are the same camera, in one unit.
Similarity between(const Camera& to, const Camera& from);

/// How long the fitted unit is.
enum class ScaleRule {
  kLeastSquares,  ///< Umeyama 1991
  kRatioOfRadii,  ///< Of the weighted root mean square distances from the middle
};

/// The similarity that brings `from` nearest to `to`, by weighted least squares (Umeyama 1991). All of one
/// length, points not all equal. No weights: equal ones.
Similarity fitted_similarity(std::span<const std::array<double, 3>> to,
                             std::span<const std::array<double, 3>> from,
                             std::span<const double> weights = {}, ScaleRule rule = ScaleRule::kLeastSquares);

}  // namespace da3::scene
