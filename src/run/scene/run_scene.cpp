// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>
#include <vector>

#include <core/host/host_memory.hpp>
#include <run/scene/run_scene.hpp>
#include <run/scene/scene_photos.hpp>
#include <run/scene/scene_records.hpp>
#include <run/scene/scene_run.hpp>

namespace da3::run {
namespace {

/// Whether it says nothing of other folders: the disk and the device are the same for all of them.
bool concerns_one_folder(ErrorCode code) {
  return code == ErrorCode::kUsage || code == ErrorCode::kOutputExists || code == ErrorCode::kOutputLocked;
}

SceneEvent refused_scene(const SceneInput& input, const Error& error) {
  const std::string folder = input.folder.string();
  const std::string reason = error.what();
  return {.folder = input.folder,
          .status = ImageStatus::kFailed,
          .error = error.code(),
          .message = reason.starts_with(folder) ? reason : folder + ": " + reason,
          .views = input.photos.size(),
          .json = {line_of(failed_record(error, input.photos.size()))}};
}

}  // namespace

SceneSummary run_scenes(const SceneOptions& options, const Environment& environment,
                        const SceneCallbacks& callbacks, std::stop_token stop) {
  check_scene_model(options, *environment.model);
  const int cores = environment.cores > 0 ? environment.cores : core::usable_cores();
  const int threads = options.decode_threads > 0 ? options.decode_threads : cores;
  std::optional<cameras::GivenCameras> given;
  if (!options.cameras.empty()) {
    given = cameras::read_cameras(options.cameras, options.ignore_distortion ? cameras::Distortion::kIgnore
                                                                             : cameras::Distortion::kRefuse);
  }
  SceneSummary summary;
  const std::vector<SceneInput> inputs = find_scenes(options);
  for (const SceneInput& input : inputs) {
    std::optional<SceneEvent> event;
    try {
      if (!stop.stop_requested())
        event = run_scene(options, environment, input, given, threads, callbacks, stop);
    } catch (const Error& error) {
      if (inputs.size() == 1 || !concerns_one_folder(error.code())) throw;
      event = refused_scene(input, error);
      if (!summary.refused) summary.refused = error.code();
    }
    if (!event) {
      summary.interrupted = true;
      return summary;
    }
    summary.done += event->status == ImageStatus::kDone ? 1 : 0;
    summary.memory_ran_out = summary.memory_ran_out || event->error == ErrorCode::kOutOfMemory;
    summary.failed += event->status == ImageStatus::kFailed ? 1 : 0;
    summary.skipped += event->status == ImageStatus::kSkipped ? 1 : 0;
    if (callbacks.on_scene) callbacks.on_scene(*event);
  }
  return summary;
}

}  // namespace da3::run
