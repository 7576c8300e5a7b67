// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <da3/image.hpp>

namespace da3::formats {

/// x = intrinsics * camera_from_world * (X, Y, Z, 1), row-major; axes x right, y down, z forward; pixels from
/// the outer corner.
struct SceneCamera {
  std::array<double, 12> camera_from_world{};
  std::array<double, 9> intrinsics{};
};

/// A photo of the scene and its camera.
struct SceneView {
  std::string name;                      ///< Of the photo below images/, byte for byte
  Size photo;                            ///< Upright
  SceneCamera camera;                    ///< In pixels of the whole upright photo
  std::optional<SceneCamera> predicted;  ///< With given cameras: what the network saw, likewise
};

/// Where a point was seen.
struct Observation {
  std::uint32_t view = 0;
  float x = 0;  ///< In pixels of the upright photo
  float y = 0;
};

/// Points, element by element. Shape of all: N.
struct ScenePoints {
  std::vector<std::array<double, 3>> positions;
  std::vector<std::array<std::uint8_t, 3>> colours;  ///< sRGB
  std::vector<Observation> seen;                     ///< The pixel that made the point
  std::vector<float> confidence;                     ///< Empty without
  /// Other views that see the point, by rising `first`: its index. Empty without tracks.
  std::vector<std::pair<std::uint32_t, Observation>> tracks;
};

/// What all files of a scene say.
struct SceneData {
  std::vector<SceneView> views;
  ScenePoints points;
  std::string unit;    ///< "m", "relative" or "given"
  std::string source;  ///< Of the cameras: "decoder", "rays" or "given"
  std::size_t reference = 0;
};

/// Maps of one view at the processed size; (0, 0) is the corner of the cut.
struct SceneMaps {
  DepthMap depth;
  std::optional<DepthMap> confidence;
  std::optional<DepthMap> sky;
  Image image;                         ///< The network's input
  std::array<double, 9> intrinsics{};  ///< In its pixels
  std::array<std::int32_t, 4> crop{};  ///< Top, left, height, width in the resized photo
};

/// Gaussians, element by element. Shape of all: N.
struct GaussianCloud {
  std::vector<std::array<float, 3>> means;
  std::vector<std::array<float, 3>> scales;     ///< Above 0
  std::vector<std::array<float, 4>> rotations;  ///< w x y z
  std::vector<float> opacities;                 ///< 0..1
  int degree = 0;                               ///< Of the spherical harmonics, 0 to 2
  std::vector<float> harmonics;                 ///< (N, 3, (degree + 1)^2)
};

}  // namespace da3::formats
