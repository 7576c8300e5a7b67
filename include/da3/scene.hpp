// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <da3/camera.hpp>
#include <da3/export.hpp>
#include <da3/image.hpp>
#include <da3/model_spec.hpp>
#include <da3/photo.hpp>
#include <da3/scene_values.hpp>

// Several photos of one place, seen together: what `da3 scene` does, as values (docs/scene.md).
namespace da3 {

class Model;

/// How the network chooses the reference view of three and more.
enum class ReferenceRule { kFirst, kMiddle, kSaddleBalanced, kSaddleSimRange };

/// Photos whose processed sizes differ.
enum class MixedSizes {
  kCrop,   ///< All are cut, centred, to the smallest height and width
  kError,  ///< They are refused
};

/// What to predict; defaults are those of `da3 scene`.
struct SceneOptions {
  std::optional<int> process_res;             ///< None: the model's
  std::optional<ResizeMethod> resize_method;  ///< None: the model's
  MixedSizes mixed = MixedSizes::kCrop;
  ReferenceRule reference = ReferenceRule::kSaddleBalanced;
  std::optional<std::size_t> reference_view;  ///< By index, instead of a rule; not with windows
  /// Known cameras, one a photo: camera_from_world in any world and unit, intrinsics in pixels of the whole
  /// upright photo. The scene comes out in their world and unit.
  std::vector<Camera> cameras;
  bool keep_scale = false;  ///< Known cameras are moved into the network's world instead
  /// Views that are seen together, at least 4; none: 32 on a CPU, all elsewhere, and fewer where memory runs
  /// out.
  std::optional<int> window;
  std::optional<int> overlap;  ///< Views in common with the next window, at least 3; none: half
};

/// Depth and cameras of photos of one place, and their points (point_cloud with its defaults). Names of views
/// are "0", "1", ... Throws: Error kUsage (no photo, a model without cameras, options), kSceneCameras (a
/// known camera that is none), kSceneAlignment, kOutOfMemory, kPredictionInvalid.
DA3_API Scene predict_scene(const Model& model, std::span<const Photo> photos,
                            const SceneOptions& options = {});
DA3_API Scene predict_scene(const Model& model, std::span<const Image> photos,
                            const SceneOptions& options = {});

/// The same for picture files; views are named by them, and a file that comes again is one view. Throws: as
/// above and as read_photo.
DA3_API Scene predict_scene(const Model& model, std::span<const std::filesystem::path> files,
                            const SceneOptions& options = {});

/// Values of a view's depth, confidence or sky at the size of the photo: interpolated, NaN where the cut for
/// other views left nothing. Throws: Error kUsage for a map of another size than the view's.
DA3_API DepthMap at_photo_size(const SceneView& view, std::span<const float> values);

// Files (docs/scene.md, Files), as `da3 scene` writes them; each appears whole, in place of an older one.
// Throws: Error kOutputFailed; transforms and COLMAP kUsage for cameras with skew, which they cannot hold.

/// Binary glTF: points, and with `cameras` outlines and a viewpoint for each photo.
DA3_API void write_glb(const Scene& scene, const std::filesystem::path& file, bool cameras = true);
/// Binary PLY of the points, with `confidence` the network's as well.
DA3_API void write_ply(const Scene& scene, const std::filesystem::path& file, bool confidence = false);
/// cameras.json, which `da3 scene --cameras` reads.
DA3_API void write_cameras(const Scene& scene, const std::filesystem::path& file);
/// transforms.json of nerfstudio; photos are expected in `images`, relative to it.
DA3_API void write_transforms(const Scene& scene, const std::filesystem::path& file,
                              const std::string& images = "images");
/// Depth, confidence, cameras and inputs as NumPy arrays.
DA3_API void write_npz(const Scene& scene, const std::filesystem::path& file);
/// cameras, images and points3D of a COLMAP model in `folder`, binary or `text`.
DA3_API void write_colmap(const Scene& scene, const std::filesystem::path& folder, bool text = false);

}  // namespace da3
