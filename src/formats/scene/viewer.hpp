// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include <scene/scene.hpp>

namespace da3::formats {

/// How a viewer shows a scene: the first camera upright in glTF's axes (x right, y up, z back), the middle of
/// the points in the origin.
struct Viewer {
  std::array<double, 16> viewer_from_world{};  ///< Row-major
  double diagonal = 1;  ///< Of the box between the 5th and 95th percentiles; 1 without points
  /// To be taken off positions before they become float32: 0, or the first camera's centre where the world is
  /// large.
  std::array<double, 3> origin{};
};

Viewer viewer_of(const scene::Scene& scene);

/// (4, 4), row-major.
std::array<double, 16> world_from_camera(const Camera& camera);

/// The corners of the photo at depth `z`, in the world: upper left, upper right, lower right, lower left.
std::array<std::array<double, 3>, 4> picture_corners(const scene::View& view, double z);

/// The colour of view `index` of `count`, sRGB of 0..1: hues evenly spread.
std::array<double, 3> view_colour(std::size_t index, std::size_t count);

}  // namespace da3::formats
