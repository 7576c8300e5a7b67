// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <stop_token>

#include <cameras/given_cameras.hpp>

#include <run/scene/run_scene.hpp>
#include <run/scene/scene_photos.hpp>

namespace da3::run {

/// One scene from its photos to its files; none if it was stopped before anything was written. `given`:
/// cameras of --cameras; `threads` read and write. Throws: as run_scenes.
std::optional<SceneEvent> run_scene(const SceneOptions& options, const Environment& environment,
                                    const SceneInput& input,
                                    const std::optional<cameras::GivenCameras>& given, int threads,
                                    const SceneCallbacks& callbacks, const std::stop_token& stop);

}  // namespace da3::run
