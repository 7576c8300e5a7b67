// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <cameras/given_cameras.hpp>
#include <scene/align.hpp>
#include <scene/scene.hpp>

namespace da3::run {

/// What came of given cameras.
struct CameraOutcome {
  scene::Alignment alignment;
  scene::Unit unit = scene::Unit::kRelative;                  ///< Of the scene from now on
  std::size_t unused = 0;                                     ///< Cameras in the file without a photo
  std::vector<std::pair<const char*, std::string>> warnings;  ///< Code and message
};

/// Finds each photo's camera and gives it to its view, in pixels of the view's input. Returns the number of
/// cameras without a photo. Throws: Error kUsage (photos without a camera, other shapes).
std::size_t give_cameras(std::vector<scene::View>& views, const cameras::GivenCameras& given);

/// Brings a scene that the network has seen to given cameras (scene::adopt_cameras): gives them to the views,
/// fits. `unit`: of the network's result. Throws: as give_cameras; Error kSceneAlignment.
CameraOutcome adopt_given_cameras(std::vector<scene::View>& views, const cameras::GivenCameras& given,
                                  bool keep_scale, scene::Unit unit);

/// COLMAP's PINHOLE and transforms.json have no skew. Throws: Error kUsage, begun with `what`, that names the
/// first view with one.
void require_no_skew(std::span<const scene::View> views, const std::string& what);

}  // namespace da3::run
