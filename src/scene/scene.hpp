// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include <da3/scene_values.hpp>

// The values of the public header by the names that this module and its users have for them.
namespace da3::scene {

using Unit = SceneUnit;
using PoseSource = da3::PoseSource;
using Placement = PhotoPlacement;
using View = SceneView;
using Point = ScenePoint;
using PointCloud = da3::PointCloud;
using Gaussian = da3::Gaussian;
using Similarity = da3::Similarity;
using Alignment = CameraAlignment;
using Warning = SceneWarning;
using Scene = da3::Scene;
using da3::to_string;

/// A camera in pixels of the network's input, for the whole upright photo; and the other way round.
Camera camera_of_photo(const Camera& camera, const Placement& place);
Camera camera_of_input(const Camera& camera, const Placement& place);

/// Where a camera stands in the world.
std::array<double, 3> centre_of(const Camera& camera);

}  // namespace da3::scene
