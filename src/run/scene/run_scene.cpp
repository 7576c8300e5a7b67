// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include <core/host/host_memory.hpp>
#include <run/scene/run_scene.hpp>
#include <run/scene/scene_photos.hpp>
#include <run/scene/scene_run.hpp>

namespace da3::run {

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
  for (const SceneInput& input : find_scenes(options)) {
    std::optional<SceneEvent> event;
    if (!stop.stop_requested())
      event = run_scene(options, environment, input, given, threads, callbacks, stop);
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
