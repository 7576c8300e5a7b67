// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <scene/windows.hpp>

#include <run/run.hpp>
#include <run/scene/scene_options.hpp>

// Several photos of one place in, cameras, points and depth out. Nothing here prints.
namespace da3::run {

/// One scene that ended.
struct SceneEvent {
  std::filesystem::path folder;  ///< Of its results
  ImageStatus status = ImageStatus::kDone;
  std::optional<ErrorCode> error;  ///< Set if failed
  std::string message;             ///< Of the error
  std::size_t views = 0;
  std::size_t points = 0;
  std::vector<std::string> warnings;
  std::vector<std::string> files;  ///< Below `folder`
  std::vector<std::string> json;   ///< Records of docs/scene.md, one line each: views, then the scene
};

struct SceneCallbacks {
  std::function<void(const SceneEvent&)> on_scene;
  std::function<void(const std::string&)> on_step;  ///< Such as "scene: reading 12 photos"
};

struct SceneSummary {
  std::size_t done = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
  bool memory_ran_out = false;       ///< The reason why one failed
  std::optional<ErrorCode> refused;  ///< Why the first folder of several was refused; it counts as failed
  bool interrupted = false;
};

/// What one scene would be (`--dry-run`).
struct ScenePlan {
  std::filesystem::path folder;
  std::vector<std::string> photos;
  std::vector<std::string> unusable;   ///< Messages about photos whose header says that they fail
  Size input;                          ///< Of the network, after the cut
  double most_cut_percent = 0;         ///< Of the photo that loses most to the cut
  std::vector<scene::Window> windows;  ///< One: all views are seen together; empty without a usable photo
};

/// Throws: Error kUsage for options that cannot be used, and for a model without cameras; kModelContract for
/// what a network that da3 does not know does not give.
void check_scene_options(const SceneOptions& options, const ModelSpec& model);
/// The same, and what only the loaded model tells.
void check_scene_model(const SceneOptions& options, const predict::DepthModel& model);

/// Depth and cameras of all scenes. A scene is written whole or not at all; one that an earlier run finished
/// with the same photos, model and options is skipped. Throws: Error kUsage (options, a model without
/// cameras), kNoInput, kOutputFailed, kDeviceUnavailable; kUsage, kOutputExists and kOutputLocked for the
/// folder of a single scene. What concerns one scene of several is a SceneEvent.
SceneSummary run_scenes(const SceneOptions& options, const Environment& environment,
                        const SceneCallbacks& callbacks = {}, std::stop_token stop = {});

/// The plan for these options; nothing is written. Throws: as run_scenes.
std::vector<ScenePlan> plan_scenes(const SceneOptions& options, const ModelSpec& model, DeviceKind device);

}  // namespace da3::run
