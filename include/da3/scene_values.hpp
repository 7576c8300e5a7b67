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
#include <da3/export.hpp>
#include <da3/image.hpp>

// What several photos of one place give, as plain values: views, points, Gaussians. Exports read them.
//
// Conventions. Extrinsics are camera_from_world, x_cam = R x_world + t, axes x right, y down, z forward.
// Depth is z in the camera's frame. Pixels are counted from the outer corner of the first one: pixel (row v,
// column u) has its centre at (u + 0.5, v + 0.5). The world and the unit are common to all views of a scene.
namespace da3 {

/// What the numbers of depth, translations and points mean.
enum class SceneUnit {
  kRelative,  ///< One arbitrary unit for the whole scene
  kMetres,
  kGiven,  ///< That of the given cameras
};

/// Where the cameras come from.
enum class PoseSource { kDecoder, kRays, kGiven };

/// "relative", "m", "given".
DA3_API std::string_view to_string(SceneUnit unit);
/// "decoder", "rays", "given".
DA3_API std::string_view to_string(PoseSource source);

/// Where a network's input lies in the whole upright photo: the photo was resized to `resized`, then cut.
struct PhotoPlacement {
  Size photo_size;  ///< (H0, W0)
  Size resized;     ///< Of the whole photo
  int top = 0;      ///< Rows of the resized photo above the input
  int left = 0;     ///< Columns left of it
  bool operator==(const PhotoPlacement&) const = default;
};

/// One photo of a scene and what the network says of it. Maps are (H, W) float32, row-major, of `input.size`.
struct DA3_API SceneView {
  std::string name;  ///< Of results, without extension, "/" between folders: "in/a"; unique in the scene
  std::filesystem::path file;  ///< The photo
  /// Its stored pixels are not upright (EXIF), so that programs that ignore EXIF need a turned copy.
  bool turned = false;
  /// Of a format that COLMAP, OpenCV and trainers read: not HEIC, HEIF and AVIF.
  bool is_widely_read = true;
  PhotoPlacement place;
  Image input;  ///< (H, W, 3) uint8 RGB, what the network saw

  std::vector<float> depth;       ///< z > 0; a value that is not finite or not above 0 is none
  std::vector<float> confidence;  ///< Above 1, larger is surer; empty if the network has none
  std::vector<float> sky;         ///< 0..1, sky from 0.3 on; empty if the network has none

  Camera camera;  ///< In pixels of `input`
  /// Root mean square distance of the rays' origins from their mean, over the median depth: how well the rays
  /// are those of one camera. Where `camera` was fitted to rays.
  std::optional<double> origin_spread;
  /// The caller's own camera, in pixels of `input`, which the network is shown where it can look at cameras.
  std::optional<Camera> given;
  /// The network's own camera, in pixels of `input` and the network's world and unit, where `camera` is a
  /// given one.
  std::optional<Camera> predicted;

  /// `camera` in pixels of the whole upright photo.
  Camera photo_camera() const;
  /// Pixel position in the whole upright photo, (x, y), of a position in `input`.
  std::array<double, 2> photo_position(double x, double y) const;
};

/// A pixel of a view in the world.
struct ScenePoint {
  std::array<double, 3> position{};
  std::array<std::uint8_t, 3> rgb{};  ///< Of the network's input at that pixel
  float confidence = 0;               ///< 0 if the network has none
  std::uint32_t view = 0;             ///< Index in Scene::views
  std::uint32_t row = 0;              ///< Of the view's input
  std::uint32_t column = 0;
};

struct PointCloud {
  std::vector<ScenePoint> points;   ///< By view, row, column
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
struct SceneWarning {
  std::string code;
  std::string message;
};

/// Predicted cameras against given ones: predicted ~ scale * rotation * given + translation, for centres.
struct CameraAlignment {
  /// None where the given centres coincide: then nothing says how long the network's unit is.
  std::optional<Similarity> predicted_from_given;
  double rms = 0;  ///< Root mean square distance of aligned centres, over the spread of the predicted ones
  double angle_deg = 0;  ///< Median angle between aligned and predicted axes
};

/// Some of many views, seen together and joined to those before (docs/scene.md, Memory and windows).
struct SceneWindow {
  std::size_t begin = 0;  ///< Views [begin, end)
  std::size_t end = 0;
  std::optional<std::size_t> reference;  ///< By index in the scene
  Similarity scene_from_window;          ///< The scene's world is the first window's
  /// Weighted rms distance of what both saw over its median depth; none for the first window.
  std::optional<double> residual;
  double forward_ms = 0;
};

/// Everything that exports write. Results agree: one frame, one unit, one list of points for all of them.
struct Scene {
  std::vector<SceneView> views;
  std::optional<std::size_t>
      reference;  ///< The reference view, by index; none with given cameras and with windows
  PoseSource pose_source = PoseSource::kDecoder;
  SceneUnit unit = SceneUnit::kRelative;
  PointCloud cloud;
  std::vector<Gaussian> gaussians;           ///< Empty unless asked for
  std::optional<CameraAlignment> alignment;  ///< With given cameras
  std::vector<SceneWindow> windows;          ///< Empty where all views were seen together
  std::vector<SceneWarning> warnings;
};

/// Which pixels become points.
struct PointOptions {
  double keep_percent = 60;              ///< Of all pixels by confidence, at most
  std::optional<double> min_confidence;  ///< Instead of `keep_percent`
  std::size_t max_points = 1'000'000;    ///< 0: all
  /// Leaves out pixels whose depth differs by more than this from a neighbour's (flying pixels at edges).
  std::optional<double> edges_percent;
  bool sky_points = false;  ///< Also pixels that the network calls sky
};

/// The points of all views, at the network's size. A pixel is one if its depth is finite and above 0, its
/// confidence reaches the threshold and it is no sky. More than `max_points`: those with the smallest hash of
/// (view, row, column), so that equal input gives equal points. Position: R^T (K^-1 (u + 0.5, v + 0.5, 1) d -
/// t).
DA3_API PointCloud point_cloud(const std::vector<SceneView>& views, const PointOptions& options = {});

}  // namespace da3
