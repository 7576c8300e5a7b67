// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <options/validate.hpp>
#include <scene/given_cameras.hpp>

#include <da3/scene.hpp>

namespace da3::run {

using da3::MixedSizes;

/// Which view is the reference of a scene of three and more.
struct ReferenceChoice {
  enum class Rule { kFirst, kMiddle, kSaddleBalanced, kSaddleSimRange, kNumber };
  Rule rule = Rule::kSaddleBalanced;
  int number = 0;  ///< Of kNumber, from 0
};

/// How many views a forward pass sees together (scene/windows.hpp).
struct WindowChoice {
  enum class Rule {
    kAuto,    ///< On a CPU 32, elsewhere all, and fewer where memory runs out
    kOff,     ///< All
    kNumber,  ///< `size`
  };
  Rule rule = Rule::kAuto;
  int size = 0;                ///< Of kNumber, at least kLeastWindow
  std::optional<int> overlap;  ///< Views in common with the next window; none: half
};
inline constexpr int kLeastOverlap = 3;
inline constexpr int kLeastWindow = kLeastOverlap + 1;

/// Where the network's cameras come from.
enum class PoseChoice {
  kDecoder,  ///< Its camera decoder
  kRays,     ///< Fitted to the rays of each pixel
};

/// What `da3 scene` was asked for; names and defaults as in docs/cli.md.
struct SceneOptions : options::Inputs,
                      options::Processing,
                      options::Results,
                      options::Colours,
                      options::Resources {
  SceneOptions() : options::Results{.output_dir = "scene"} {}

  // Inputs.
  bool per_folder = false;  ///< Each folder of photos is a scene of its own
  bool skip_bad = false;    ///< Unreadable photos are left out instead of failing their scene

  // Network.
  MixedSizes mixed = MixedSizes::kCrop;
  ReferenceChoice reference;
  WindowChoice window;
  PoseChoice pose = PoseChoice::kDecoder;
  std::vector<int> features;      ///< Blocks whose outputs are written for each view
  bool feature_pictures = false;  ///< Each also as a picture

  // Given cameras (docs/scene.md).
  std::filesystem::path cameras;  ///< File or folder; empty: none
  scene::Normalisation camera_normalisation = scene::Normalisation::kOurs;
  bool keep_scale = false;  ///< Given cameras are moved into the network's world instead
  bool ignore_distortion = false;

  // Results.
  std::vector<std::string> formats = {"glb", "cameras", "html"};
  std::vector<std::string> depth_formats = {"png16", "vis"};

  // The point cloud (scene::PointOptions).
  double keep_percent = 60;
  std::optional<double> min_confidence;
  std::size_t max_points = 1'000'000;
  std::optional<double> edges_percent;
  bool sky_points = false;
  bool no_cameras = false;        ///< GLB without outlines and viewpoints
  bool point_confidence = false;  ///< PLY with the confidence of each point
  bool colmap_text = false;
  bool tracks = false;  ///< COLMAP points with the other views that see them

  // gaussians.ply.
  double gaussian_keep_percent = 90;  ///< The nearest pixels of each view that become Gaussians
  int harmonics_degree = 0;           ///< 0 to 2
};

/// Names for `formats`, besides "none".
inline constexpr std::string_view kSceneFormats[] = {"glb",     "ply", "colmap", "transforms",
                                                     "cameras", "npz", "html",   "gaussians"};

/// True if `format` is among the options' formats.
bool wants(const SceneOptions& options, std::string_view format);

/// All that can be said of these options without files, model or device. Throws: Error kUsage.
inline void validate(const SceneOptions& options) {
  options::check(static_cast<const options::Results&>(options));
  options::check(static_cast<const options::Resources&>(options));
  options::check_colormap(options.colormap);
  for (const std::string& format : options.formats) {
    if (std::ranges::find(kSceneFormats, format) == std::ranges::end(kSceneFormats))
      options::refuse("--format: '" + format + "' is no format of a scene");
  }
  options::check_formats(options.depth_formats);
  options::check_extra_maps(options, options.depth_formats, "--depth-format");
  if (options.feature_pictures && options.features.empty())
    options::refuse("--feature-pictures: of which blocks? add --features, such as --features 11");
}

}  // namespace da3::run
