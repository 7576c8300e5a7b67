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

/// The similarity that brings `from` nearest to `to`, by least squares (Umeyama 1991). Both of one length,
/// not all equal.
Similarity fitted_similarity(std::span<const std::array<double, 3>> to,
                             std::span<const std::array<double, 3>> from);

}  // namespace da3::scene
