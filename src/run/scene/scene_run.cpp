// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <codec/decode.hpp>
#include <journal/scene_journal.hpp>

#include <core/json_reading.hpp>
#include <core/parallel.hpp>
#include <core/text_encoding.hpp>
#include <run/scene/make_scene.hpp>
#include <run/scene/scene_cameras.hpp>
#include <run/scene/scene_files.hpp>
#include <run/scene/scene_plan.hpp>
#include <run/scene/scene_records.hpp>
#include <run/scene/scene_run.hpp>
#include <run/scene/scene_windows.hpp>

namespace da3::run {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// The record of what an earlier run did.
std::string skipped_record(const std::string& line) {
  Json record = core::parse_json<Json>(line);
  record["status"] = "skipped";
  return line_of(record);
}

/// The photos of the views among these records.
std::set<std::string> seen_photos(const std::vector<std::string>& lines) {
  std::set<std::string> paths;
  for (const std::string& line : lines) {
    const Json record = core::parse_json<Json>(line);
    if (record.value("type", "") != "view") continue;
    const auto exact = record.find("path_base64");
    const std::optional<std::string> path =
        exact != record.end() ? core::base64_decode(exact->get<std::string>()) : record.value("path", "");
    if (path) paths.insert(*path);
  }
  return paths;
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
    // Throws for a reference or an overlap that cannot be, before there is a folder.
    if (!options_.skip_bad) windows_of(options_, input_.photos.size(), model_.device().kind);
    const Json header = run_record(options_, way_, model_);
    const std::string digest = scene_digest(header, input_.photos, given_);
    journal::SceneJournal journal(input_.folder);
    journal.keep_inputs(inputs());
    using State = journal::SceneJournal::State;
    const State state = journal.state(digest);
    if (state == State::kFinished && !options_.overwrite) {
      require_still_unreadable(journal);
      require_whole(journal);
      event_.status = ImageStatus::kSkipped;
      event_.views = journal.views().value_or(event_.views);
      for (const std::string& line : journal.records()) event_.json.push_back(skipped_record(line));
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
      windows_of(options_, scene_.views.size(), model_.device().kind);  // The same without unreadable photos.
      if (given_) give_cameras(scene_.views, *given_);
      check_files(options_, scene_.views);
      const std::vector<std::string> files = planned_files(options_, scene_.views, input_.folder);
      check_names(files, input_.folder);
      journal.require_own(files);
      journal.begin(line_of(header), digest);
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
        journal.begin(line_of(header), digest);
        journal.append(record);
      }
      event_.json.push_back(record);
    }
    for (const scene::Warning& warning : scene_.warnings)
      event_.warnings.push_back(input_.folder.string() + ": " + warning.message);
    return event_;
  }

 private:
  void say(const std::string& text) const {
    if (callbacks_.on_step) callbacks_.on_step(text);
  }

  std::vector<std::filesystem::path> inputs() const {
    std::vector<std::filesystem::path> files;
    for (const ScenePhoto& photo : input_.photos) files.emplace_back(photo.path);
    if (given_) files.insert(files.end(), given_->files.begin(), given_->files.end());
    return files;
  }

  bool can_be_read(const ScenePhoto& photo) const {
    try {
      read_view(photo, way_, decode_options(options_));
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  /// Throws: Error kUsage if a photo that the finished scene left out can be read by now: rights and
  /// --max-pixels are no part of its digest.
  void require_still_unreadable(const journal::SceneJournal& journal) const {
    const std::set<std::string> seen = seen_photos(journal.records());
    if (seen.empty() || journal.views() != seen.size()) return;
    for (const ScenePhoto& photo : input_.photos) {
      if (seen.contains(photo.path) || !can_be_read(photo)) continue;
      throw Error(ErrorCode::kUsage, input_.folder.string() + ": holds a scene without " + photo.path +
                                         ", which can be read now; give --overwrite to make it with all "
                                         "photos, or another folder with --output");
    }
  }

  /// Throws: Error kUsage if the finished scene left photos out and none may be.
  void require_whole(const journal::SceneJournal& journal) const {
    if (options_.skip_bad || journal.views().value_or(input_.photos.size()) == input_.photos.size()) return;
    throw Error(ErrorCode::kUsage, input_.folder.string() + ": holds a scene of " +
                                       std::to_string(*journal.views()) + " of " +
                                       std::to_string(input_.photos.size()) +
                                       " photos, the others could not be read; give --skip-bad to keep it");
  }

  /// False if it was stopped.
  bool read() {
    const auto start = Clock::now();
    say("reading " + std::to_string(input_.photos.size()) + " photos");
    const codec::DecodeOptions decode = decode_options(options_);
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
      scene_.warnings.push_back({"scene.photo_skipped", failures[i]->what()});
    }
    if (scene_.views.empty()) throw Error(ErrorCode::kNoInput, "no photo of this scene can be read");
    cut_views(scene_, options_.mixed);
    event_.views = scene_.views.size();
    report_.ms["decode"] = ms_since(start);
    return true;
  }

  /// False if it was stopped.
  bool forward(const WindowStore& store) {
    const auto start = Clock::now();
    std::optional<SeenScene> seen =
        see_scene(model_, scene_.views, options_, {callbacks_.on_step, stop_, &store});
    if (!seen) return false;
    report_.peak_bytes = seen->peak_bytes;
    report_.ms["forward"] = ms_since(start);
    const Size input = scene_.views.front().input.size;
    const int patch = model_.spec().patch;
    features_ = {{input.height / patch, input.width / patch}, std::move(seen->layers)};
    report_.dropped_gaussians = seen->dropped_gaussians;
    const std::size_t unused = settle(scene_, std::move(*seen), model_.spec(), given_, options_.keep_scale);
    check_files(options_, scene_.views);  // A network may give skew, too
    if (unused > 0) say(std::to_string(unused) + " given cameras belong to no photo and are left out");
    return true;
  }

  void make_points() {
    const auto start = Clock::now();
    points_of_view_ = add_points(scene_, {.keep_percent = options_.keep_percent,
                                          .min_confidence = options_.min_confidence,
                                          .max_points = options_.max_points,
                                          .edges_percent = options_.edges_percent,
                                          .sky_points = options_.sky_points});
    event_.points = scene_.cloud.points.size();
    report_.ms["points"] = ms_since(start);
  }

  void write(journal::SceneJournal& journal, const std::vector<std::string>& files) {
    const auto start = Clock::now();
    say("writing " + std::to_string(files.size()) + " files");
    page_.facts = {{"Model", model_.spec().name},
                   {"Views", std::to_string(scene_.views.size())},
                   {"Points", std::to_string(scene_.cloud.points.size())},
                   {"Unit", std::string(scene::to_string(scene_.unit))}};
    for (const scene::Warning& warning : scene_.warnings) page_.warnings.push_back(warning.message);
    journal.claim(files);
    write_scene(options_, scene_, way_, page_, features_, threads_, input_.folder, journal);
    report_.ms["write"] = ms_since(start);
    for (std::size_t i = 0; i < scene_.views.size(); ++i) {
      const std::string line =
          line_of(view_record(scene_, i, points_of_view_[i], view_outputs(options_, scene_.views[i])));
      journal.append(line);
      event_.json.push_back(line);
    }
    const std::string line = line_of(scene_record(scene_, report_, scene_outputs(options_)));
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
  FeatureMaps features_;
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
