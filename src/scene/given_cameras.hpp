// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <vector>

#include <scene/scene.hpp>

#include <da3/camera.hpp>
#include <da3/image.hpp>

// Given cameras on their way into the network. What it answers is brought back to them by align.hpp.
namespace da3::scene {

enum class Normalisation {
  kOriginal,  ///< As the original program has it: the unit is at least 0.1, and a tenth for two cameras
  kOurs,  ///< The same for three and more cameras in a usual unit; any unit, and two cameras, work as well
};

/// The cameras in the world of the first one, translations divided by the lower median of the centres'
/// distances from the first one, its own zero included. kOurs: two cameras are divided by their distance, and
/// distances below 1e-9 of the largest coordinate are none. Intrinsics are kept. At least one camera.
std::vector<Camera> normalised_cameras(std::span<const Camera> cameras,
                                       Normalisation rule = Normalisation::kOurs);

/// What the camera encoder takes (predict::Request::cameras): the centre, the quaternion x, y, z, w of
/// world_from_camera with w >= 0, the vertical and the horizontal field of view in radians. `size`: of the
/// picture that the intrinsics are for.
std::array<double, 9> camera_encoding(const Camera& camera, Size size);

}  // namespace da3::scene
