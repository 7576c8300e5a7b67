// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
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

/// Brings a scene that the network has seen to given cameras (scene::adopt_cameras): finds each photo's
/// camera, scales its intrinsics, fits. `unit`: of the network's result. Throws: Error kUsage (photos without
/// a camera, other shapes), kSceneAlignment.
CameraOutcome adopt_given_cameras(std::vector<scene::View>& views, const cameras::GivenCameras& given,
                                  bool keep_scale, scene::Unit unit);

}  // namespace da3::run
