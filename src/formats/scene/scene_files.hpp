// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <formats/scene/scene_data.hpp>

// The files of a scene (docs/scene.md, Files). Each function returns the bytes of one file, on the calling
// thread alone; equal input gives equal bytes. Positions and cameras are in the world of SceneData; only the
// nodes of a GLB turn them.
namespace da3::formats {

using Bytes = std::vector<std::uint8_t>;

struct GlbOptions {
  bool cameras = true;  ///< Outlines of the cameras and a viewpoint for each photo
};

/// Binary glTF 2.0: points with linear vertex colours, cameras as lines, a glTF camera for each photo.
/// Throws: Error kUsage naming --max-points for 4 GiB or more.
Bytes encode_glb(const SceneData& scene, const GlbOptions& options = {});

/// Binary PLY: x y z, red green blue, and with `confidence` the network's. Float32, but double where the
/// world is too large for it.
Bytes encode_points_ply(const SceneData& scene, bool confidence = false);

/// Gaussians in the layout of 3D Gaussian Splatting, and how many were left out because a scale is not above
/// 0 or a number is not finite.
struct GaussiansPly {
  Bytes bytes;
  std::size_t dropped = 0;
};
GaussiansPly encode_gaussians_ply(const GaussianCloud& gaussians);

/// A file's name and bytes.
using NamedFile = std::pair<std::string, Bytes>;

/// cameras, images and points3D of a COLMAP model (.bin, or .txt with `text`): a PINHOLE camera for each
/// view, ids from 1. Throws: Error kUsage for a blank in a photo's name with `text`, because COLMAP cuts
/// names there.
std::vector<NamedFile> encode_colmap(const SceneData& scene, bool text = false);

/// cameras.json, which `da3 scene --cameras` reads.
Bytes encode_cameras_json(const SceneData& scene);

/// What transforms.json refers to, relative to it.
struct TransformsFiles {
  std::string image_folder = "images";
  std::optional<std::string> points;  ///< The PLY file of the points
  std::vector<std::string> depth;     ///< A file for each view; empty: none
};

/// transforms.json of nerfstudio and instant-ngp.
Bytes encode_transforms_json(const SceneData& scene, const TransformsFiles& files);

/// scene.npz: depth, conf, sky, extrinsics, intrinsics, image, photo, photo_size, crop; arrays that the scene
/// lacks are left out.
Bytes encode_scene_npz(const SceneData& scene, const std::vector<SceneMaps>& maps);

}  // namespace da3::formats
