// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <da3/camera.hpp>
#include <da3/image.hpp>

// What several photos of one place give, as plain values: views, points, Gaussians. Exports read them.
//
// Conventions. Extrinsics are camera_from_world, x_cam = R x_world + t, axes x right, y down, z forward.
// Depth is z in the camera's frame. Pixels are counted from the outer corner of the first one: pixel (row v,
// column u) has its centre at (u + 0.5, v + 0.5). The world and the unit are common to all views of a scene.
namespace da3::scene {

/// What the numbers of depth, translations and points mean.
enum class Unit {
  kRelative,  ///< One arbitrary unit for the whole scene
  kMetres,
  kGiven,  ///< That of the given cameras
};

/// Where the cameras come from.
enum class PoseSource { kDecoder, kRays, kGiven };

/// "relative", "m", "given".
std::string_view to_string(Unit unit);
/// "decoder", "rays", "given".
std::string_view to_string(PoseSource source);

/// Where a network's input lies in the whole upright photo: the photo was resized to `resized`, then cut.
struct Placement {
  Size photo_size;  ///< (H0, W0)
  Size resized;     ///< Of the whole photo
  int top = 0;      ///< Rows of the resized photo above the input
  int left = 0;     ///< Columns left of it
  bool operator==(const Placement&) const = default;
};

/// A camera in pixels of the network's input, for the whole upright photo; and the other way round.
Camera camera_of_photo(const Camera& camera, const Placement& place);
Camera camera_of_input(const Camera& camera, const Placement& place);

/// Where a camera stands in the world.
std::array<double, 3> centre_of(const Camera& camera);

/// One photo of a scene and what the network says of it. Maps are (H, W) float32, row-major, of `input.size`.
struct View {
  std::string name;  ///< Of results, without extension, "/" between folders: "in/a"; unique in the scene
  std::filesystem::path file;  ///< The photo
  /// Its stored pixels are not upright (EXIF), so that programs that ignore EXIF need a turned copy.
  bool turned = false;
  Placement place;
  Image input;  ///< (H, W, 3) uint8 RGB, what the network saw

  std::vector<float> depth;       ///< z > 0; a value that is not finite or not above 0 is none
  std::vector<float> confidence;  ///< Above 1, larger is surer; empty if the network has none
  std::vector<float> sky;         ///< 0..1, sky from 0.3 on; empty if the network has none

  Camera camera;  ///< In pixels of `input`
  /// The network's own camera, in pixels of `input` and the network's world and unit, where `camera` is a
  /// given one.
  std::optional<Camera> predicted;

  /// `camera` in pixels of the whole upright photo.
  Camera photo_camera() const;
  /// Pixel position in the whole upright photo, (x, y), of a position in `input`.
  std::array<double, 2> photo_position(double x, double y) const;
};

/// A pixel of a view in the world.
struct Point {
  std::array<double, 3> position{};
  std::array<std::uint8_t, 3> rgb{};  ///< Of the network's input at that pixel
  float confidence = 0;               ///< 0 if the network has none
  std::uint32_t view = 0;             ///< Index in Scene::views
  std::uint32_t row = 0;              ///< Of the view's input
  std::uint32_t column = 0;
};

struct PointCloud {
  std::vector<Point> points;        ///< By view, row, column
  std::uint64_t candidates = 0;     ///< Pixels that could have been points, before the bound on their number
  std::optional<double> threshold;  ///< Of confidence; none if the network has none
};

/// A Gaussian in the world, as programs for 3D Gaussian splatting take it.
struct Gaussian {
  std::array<float, 3> mean{};
  std::array<float, 3> scale{};       ///< Above 0, in the world's unit
  std::array<float, 4> rotation{};    ///< Quaternion w, x, y, z
  float opacity = 0;                  ///< 0..1
  std::array<float, 27> harmonics{};  ///< Colour-major (3, 9): bands of degree 0, 1, 2
  std::uint32_t view = 0;
};

/// x' = scale * rotation * x + translation.
struct Similarity {
  double scale = 1;
  std::array<double, 9> rotation{1, 0, 0, 0, 1, 0, 0, 0, 1};  ///< (3, 3) row-major
  std::array<double, 3> translation{};
};

/// Something a user should know of, such as {"scene.scale_unknown", "..."}.
struct Warning {
  std::string code;
  std::string message;
};

/// Everything that exports write. Results agree: one frame, one unit, one list of points for all of them.
struct Scene {
  std::vector<View> views;
  std::optional<std::size_t>
      reference;  ///< The reference view, by index; none with given cameras and with windows
  PoseSource pose_source = PoseSource::kDecoder;
  Unit unit = Unit::kRelative;
  PointCloud cloud;
  std::vector<Gaussian> gaussians;  ///< Empty unless asked for
};

}  // namespace da3::scene
