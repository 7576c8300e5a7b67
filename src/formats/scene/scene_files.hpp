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

#include <scene/scene.hpp>

// The files of a scene (docs/scene.md, Files). Each function returns the bytes of one file, on the calling
// thread alone; equal input gives equal bytes. Positions and cameras are in the world of the scene; only the
// nodes of a GLB turn them.
namespace da3::formats {

using Bytes = std::vector<std::uint8_t>;

struct GlbOptions {
  bool cameras = true;  ///< Outlines of the cameras and a viewpoint for each photo
};

/// Binary glTF 2.0: points with linear vertex colours, cameras as lines, a glTF camera for each photo.
/// Throws: Error kUsage naming --max-points for 4 GiB or more.
Bytes encode_glb(const scene::Scene& scene, const GlbOptions& options = {});

/// Binary PLY: x y z, red green blue, and with `confidence` the network's. Float32, but double where the
/// world is too large for it.
Bytes encode_points_ply(const scene::Scene& scene, bool confidence = false);

/// Gaussians in the layout of 3D Gaussian Splatting, and how many were left out because a scale is not above
/// 0 or a number is not finite.
struct GaussiansPly {
  Bytes bytes;
  std::size_t dropped = 0;
};
GaussiansPly encode_gaussians_ply(std::span<const scene::Gaussian> gaussians, int degree = 0);

/// True where other programs would not read a view's photo, or not upright.
bool is_copied_as_jpeg(const scene::View& view);

/// The name of a view's photo below images/: the view's, with the file's extension unless it is the file's
/// whole name already, or with .jpg for an upright copy (is_copied_as_jpeg).
std::string image_name(const scene::View& view);

/// A view that sees a point of the cloud, and where in the whole upright photo.
struct TrackElement {
  std::uint32_t point = 0;  ///< Index into the cloud
  std::uint32_t view = 0;
  double x = 0;
  double y = 0;
};

/// Which other views see a point of the cloud, at most one point for each 8x8 pixels of a view: where its
/// projection falls on a pixel of nearly its depth (2 %) that is sure enough. Places are the centres of these
/// pixels.
std::vector<TrackElement> tracks_of(const scene::Scene& scene);

/// A file's name and bytes.
using NamedFile = std::pair<std::string, Bytes>;

/// cameras, images and points3D of a COLMAP model (.bin, or .txt with `text`): a PINHOLE camera for each
/// view, ids from 1. Throws: Error kUsage for a blank in a photo's name with `text`, because COLMAP cuts
/// names there.
/// `tracks`: views that see a point besides its own, by rising index of the point.
std::vector<NamedFile> encode_colmap(const scene::Scene& scene, bool text = false,
                                     std::span<const TrackElement> tracks = {});

/// cameras.json, which `da3 scene --cameras` reads.
Bytes encode_cameras_json(const scene::Scene& scene);

/// What transforms.json refers to, relative to it.
struct TransformsFiles {
  std::string image_folder = "images";
  std::optional<std::string> points;  ///< The PLY file of the points
  std::vector<std::string> depth;     ///< A file for each view; empty: none
};

/// transforms.json of nerfstudio and instant-ngp.
Bytes encode_transforms_json(const scene::Scene& scene, const TransformsFiles& files);

/// scene.npz: depth, conf, sky, extrinsics, intrinsics, image, photo, photo_size, crop; arrays that the scene
/// lacks are left out. Throws: Error kInternal for views of two sizes.
Bytes encode_scene_npz(const scene::Scene& scene);

}  // namespace da3::formats
