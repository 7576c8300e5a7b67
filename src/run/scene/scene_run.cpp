// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <codec/decode.hpp>
#include <journal/scene_journal.hpp>
#include <scene/point_cloud.hpp>

#include <core/parallel.hpp>
#include <run/scene/scene_cameras.hpp>
#include <run/scene/scene_files.hpp>
#include <run/scene/scene_plan.hpp>
#include <run/scene/scene_records.hpp>
#include <run/scene/scene_run.hpp>
#include <run/scene/scene_windows.hpp>

namespace da3::run {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kWideFocal = 1e5;   ///< Focal length over width from which a field of view of 0 is meant
constexpr double kBadSeam = 0.1;     ///< Of the median depth
constexpr double kFewPoints = 0.01;  ///< Of a view's pixels

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// One scene on its way.
class SceneRun {
 public:
  SceneRun(const SceneOptions& options, const Environment& environment, const SceneInput& input,
           const std::optional<cameras::GivenCameras>& given, int threads, const SceneCallbacks& callbacks,
           const std::stop_token& stop)
      : options_(options),
        model_(*environment.model),
        input_(input),
        given_(given),
        threads_(threads),
        callbacks_(callbacks),
        stop_(stop),
        way_(scene_way(options, model_.spec())) {
    event_.folder = input.folder;
    event_.views = input.photos.size();
  }

  /// None if it was stopped before anything was written.
  std::optional<SceneEvent> run() {
    const Json header = run_record(options_, way_, model_);
    const std::string digest = scene_digest(header, input_.photos, given_);
    journal::SceneJournal journal(input_.folder);
    using State = journal::SceneJournal::State;
    const State state = journal.state(digest);
    if (state == State::kFinished && !options_.overwrite) {
      event_.status = ImageStatus::kSkipped;
      return event_;
    }
    if (state == State::kOther && !options_.overwrite) {
      throw Error(ErrorCode::kUsage, input_.folder.string() +
                                         ": holds a scene of other photos, another model or other options; "
                                         "give --overwrite to replace it, or another folder with --output");
    }
    const WindowStore store(input_.folder, digest);
    try {
      if (!read() || stop_.stop_requested()) return std::nullopt;
      windows_of(options_, scene_.views.size(), model_.device().kind);  // Throws before anything is written.
      const std::vector<std::string> files = planned_files(options_, scene_.views);
      journal.require_own(files);
      journal.begin(line_of(header), digest, files);
      if (options_.overwrite) store.clear();
      if (!forward(store) || stop_.stop_requested()) return std::nullopt;
      make_points();
      write(journal, files);
      store.clear();
    } catch (const Error& error) {
      const bool of_run = error.code() == ErrorCode::kOutputFailed || error.code() == ErrorCode::kUsage ||
                          error.code() == ErrorCode::kDeviceUnavailable ||
                          error.code() == ErrorCode::kOutputExists;
      if (of_run) throw;
      store.clear();
      event_.status = ImageStatus::kFailed;
      event_.error = error.code();
      event_.message = input_.folder.string() + ": " + error.what();
      const std::string record = line_of(failed_record(error, input_.photos.size()));
      if (state == State::kNone || options_.overwrite || state == State::kUnfinished) {
        journal.begin(line_of(header), digest, {});
        journal.append(record);
      }
      event_.json.push_back(record);
    }
    return event_;
  }

 private:
  void say(const std::string& text) const {
    if (callbacks_.on_step) callbacks_.on_step(text);
  }

  void warn(const char* code, const std::string& message) {
    report_.warnings.push_back({{"code", code}, {"message", message}});
    event_.warnings.push_back(input_.folder.string() + ": " + message);
    page_.warnings.push_back(message);
  }

  /// False if it was stopped.
  bool read() {
    const auto start = Clock::now();
    say("reading " + std::to_string(input_.photos.size()) + " photos");
    codec::DecodeOptions decode;
    decode.max_pixels = options_.max_pixels;
    std::vector<std::optional<scene::View>> read(input_.photos.size());
    std::vector<std::optional<Error>> failures(input_.photos.size());
    core::for_each_parallel(read.size(), threads_, [&](std::size_t i) {
      if (stop_.stop_requested()) return;
      try {
        read[i] = read_view(input_.photos[i], way_, decode);
      } catch (const Error& error) {
        failures[i] = error;
      }
    });
    if (stop_.stop_requested()) return false;
    for (std::size_t i = 0; i < read.size(); ++i) {
      if (read[i]) {
        scene_.views.push_back(std::move(*read[i]));
        continue;
      }
      if (!options_.skip_bad) {
        throw Error(failures[i]->code(), std::string(failures[i]->what()) +
                                             "; all results of a scene depend on all photos: remove it, or "
                                             "give --skip-bad");
      }
      warn("scene.photo_skipped", failures[i]->what());
    }
    if (scene_.views.empty()) throw Error(ErrorCode::kNoInput, "no photo of this scene can be read");
    cut();
    event_.views = scene_.views.size();
    report_.ms["decode"] = ms_since(start);
    return true;
  }

  void cut() {
    const Size size = common_size(scene_.views);
    double most = 0;
    std::size_t number = 0;
    for (scene::View& view : scene_.views) {
      const Size before = view.input.size;
      if (before != size && options_.mixed == MixedSizes::kError) {
        throw Error(ErrorCode::kUsage, view.file.string() +
                                           ": photos of different shape are one scene only "
                                           "with --mixed crop");
      }
      const double lost = cut_to(view, size);
      number += lost > 0 ? 1 : 0;
      most = std::max(most, lost);
    }
    if (number == 0) return;
    warn("scene.mixed_sizes", "photos of different shape: " + std::to_string(number) + " of " +
                                  std::to_string(scene_.views.size()) + " are cut to " +
                                  std::to_string(size.width) + "x" + std::to_string(size.height) +
                                  ", which takes up to " + std::to_string(std::lround(most)) +
                                  " % of a photo");
  }

  /// False if it was stopped.
  bool forward(const WindowStore& store) {
    const auto start = Clock::now();
    const std::optional<SeenScene> seen =
        see_scene(model_, scene_.views, options_, {callbacks_.on_step, stop_, &store});
    if (!seen) return false;
    report_.peak_bytes = seen->peak_bytes;
    report_.windows = seen->windows;
    scene_.reference = seen->reference;
    warn_of_seams(seen->windows);
    scene_.unit = model_.spec().depth_unit == "m" ? scene::Unit::kMetres : scene::Unit::kRelative;
    for (const scene::View& view : scene_.views) {
      if (view.camera.intrinsics[0] >= kWideFocal * view.input.size.width)
        warn("camera.degenerate", view.file.string() + ": the network gives a field of view of 0");
    }
    if (scene_.views.size() == 1)
      warn("scene.single_view", "one photo: its camera is the world's, near enough");
    report_.ms["forward"] = ms_since(start);
    if (given_) adopt();
    return true;
  }

  void warn_of_seams(const std::vector<SeenWindow>& windows) {
    for (std::size_t k = 1; k < windows.size(); ++k) {
      if (!(windows[k].residual > kBadSeam)) continue;
      warn("scene.seam", "views " + std::to_string(windows[k].window.begin + 1) + " to " +
                             std::to_string(windows[k - 1].window.end) + " look different in windows " +
                             std::to_string(k) + " and " + std::to_string(k + 1) + ": by " +
                             std::to_string(std::lround(100 * *windows[k].residual)) +
                             " % of their depth; the scene may be bent there");
    }
  }

  void adopt() {
    const CameraOutcome outcome =
        adopt_given_cameras(scene_.views, *given_, options_.keep_scale, scene_.unit);
    scene_.unit = outcome.unit;
    scene_.pose_source = scene::PoseSource::kGiven;
    if (outcome.alignment.predicted_from_given) {
      report_.similarity = {{"scale", outcome.alignment.predicted_from_given->scale},
                            {"rms", outcome.alignment.rms},
                            {"angle_deg", outcome.alignment.angle_deg}};
    }
    for (const auto& [code, message] : outcome.warnings) warn(code, message);
    if (outcome.unused > 0)
      say(std::to_string(outcome.unused) + " given cameras belong to no photo and are left out");
  }

  void make_points() {
    const auto start = Clock::now();
    scene_.cloud = scene::point_cloud(scene_.views, {.keep_percent = options_.keep_percent,
                                                     .min_confidence = options_.min_confidence,
                                                     .max_points = options_.max_points,
                                                     .edges_percent = options_.edges_percent,
                                                     .sky_points = options_.sky_points});
    event_.points = scene_.cloud.points.size();
    points_of_view_.assign(scene_.views.size(), 0);
    for (const scene::Point& point : scene_.cloud.points) ++points_of_view_[point.view];
    for (std::size_t i = 0; i < scene_.views.size(); ++i) {
      const double all = static_cast<double>(scene_.views[i].input.size.area()) *
                         static_cast<double>(scene_.cloud.points.size()) /
                         static_cast<double>(std::max<std::uint64_t>(1, scene_.cloud.candidates));
      if (static_cast<double>(points_of_view_[i]) < kFewPoints * all || points_of_view_[i] == 0) {
        warn("scene.view_empty", scene_.views[i].file.string() +
                                     ": less than 1 % of its pixels are points; its confidence is low beside "
                                     "the other views'");
      }
    }
    report_.ms["points"] = ms_since(start);
  }

  void write(journal::SceneJournal& journal, const std::vector<std::string>& files) {
    const auto start = Clock::now();
    say("writing " + std::to_string(files.size()) + " files");
    page_.facts = {{"Model", model_.spec().name},
                   {"Views", std::to_string(scene_.views.size())},
                   {"Points", std::to_string(scene_.cloud.points.size())},
                   {"Unit", std::string(scene::to_string(scene_.unit))}};
    write_scene(options_, scene_, way_, page_, threads_, input_.folder, journal);
    report_.ms["write"] = ms_since(start);
    for (std::size_t i = 0; i < scene_.views.size(); ++i) {
      const std::string line = line_of(view_record(scene_, i, points_of_view_[i]));
      journal.append(line);
      event_.json.push_back(line);
    }
    const std::string line = line_of(scene_record(scene_, report_));
    journal.finish(line, files);
    event_.json.push_back(line);
    event_.files = files;
  }

  const SceneOptions& options_;
  predict::DepthModel& model_;
  const SceneInput& input_;
  const std::optional<cameras::GivenCameras>& given_;
  int threads_;
  const SceneCallbacks& callbacks_;
  std::stop_token stop_;
  depth::Way way_;
  scene::Scene scene_;
  SceneEvent event_;
  PageFacts page_;
  SceneReport report_;
  std::vector<std::uint64_t> points_of_view_;
};

}  // namespace

std::optional<SceneEvent> run_scene(const SceneOptions& options, const Environment& environment,
                                    const SceneInput& input,
                                    const std::optional<cameras::GivenCameras>& given, int threads,
                                    const SceneCallbacks& callbacks, const std::stop_token& stop) {
  return SceneRun(options, environment, input, given, threads, callbacks, stop).run();
}

}  // namespace da3::run
