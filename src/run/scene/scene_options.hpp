// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <da3/model_spec.hpp>
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
struct SceneOptions {
  // Inputs.
  std::vector<std::filesystem::path> inputs;
  bool recursive = false;
  bool null_separated = false;   ///< The list on standard input ends its paths with NUL
  std::istream* list = nullptr;  ///< Where "-" is read from
  std::optional<std::size_t> limit;
  std::uint64_t max_pixels = std::uint64_t{1} << 28;
  bool per_folder = false;  ///< Each folder of photos is a scene of its own
  bool skip_bad = false;    ///< Unreadable photos are left out instead of failing their scene

  // Network.
  std::optional<int> process_res;
  std::optional<ResizeMethod> resize_method;
  MixedSizes mixed = MixedSizes::kCrop;
  ReferenceChoice reference;
  WindowChoice window;
  PoseChoice pose = PoseChoice::kDecoder;
  std::vector<int>
      features;  ///< Blocks whose outputs are written for each view; all views in one forward pass

  // Given cameras (docs/scene.md).
  std::filesystem::path cameras;  ///< File or folder; empty: none
  bool keep_scale = false;        ///< Given cameras are moved into the network's world instead
  bool ignore_distortion = false;

  // Results.
  std::filesystem::path output_dir = "scene";
  std::vector<std::string> formats = {"glb", "cameras", "html"};
  std::vector<std::string> depth_formats = {"png16", "vis"};
  bool at_model_size = false;  ///< Per-view files at the network's size
  std::string colormap = "spectral";
  bool confidence = false;
  bool sky = false;
  bool overwrite = false;

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

  int threads = 0;  ///< Of a forward on a CPU, as the model was loaded with; 0: from the machine
  int decode_threads = 0;
};

/// Names for `formats`, besides "none".
inline constexpr const char* kSceneFormats[] = {"glb",     "ply", "colmap", "transforms",
                                                "cameras", "npz", "html",   "gaussians"};

/// True if `format` is among the options' formats.
bool wants(const SceneOptions& options, std::string_view format);

}  // namespace da3::run
