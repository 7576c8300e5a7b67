// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <string_view>

#include <formats/depth_statistics.hpp>
#include <journal/scene_journal.hpp>
#include <nlohmann/json.hpp>
#include <scene/point_cloud.hpp>

#include <da3/error.hpp>
#include <da3/version.hpp>

#include <core/host/host_memory.hpp>
#include <core/parallel.hpp>
#include <core/sha256.hpp>
#include <image/colormap.hpp>
#include <run/scene/run_scene.hpp>
#include <run/scene/scene_cameras.hpp>
#include <run/scene/scene_files.hpp>
#include <run/scene/scene_photos.hpp>

namespace da3::run {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr double kPercent = 100;
constexpr double kWideFocal = 1e5;   ///< Focal length over width from which a field of view of 0 is meant
constexpr double kFewPoints = 0.01;  ///< Of a view's pixels

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& each : list) text += (text.empty() ? "" : ",") + each;
  return text.empty() ? "none" : text;
}

bool has(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

std::string text_of(const ReferenceChoice& choice) {
  switch (choice.rule) {
    case ReferenceChoice::Rule::kFirst:
      return "first";
    case ReferenceChoice::Rule::kMiddle:
      return "middle";
    case ReferenceChoice::Rule::kSaddleSimRange:
      return "saddle_sim_range";
    case ReferenceChoice::Rule::kNumber:
      return std::to_string(choice.number);
    case ReferenceChoice::Rule::kSaddleBalanced:
      break;
  }
  return "saddle_balanced";
}

int reference_of(const ReferenceChoice& choice, int views) {
  switch (choice.rule) {
    case ReferenceChoice::Rule::kFirst:
      return 0;
    case ReferenceChoice::Rule::kMiddle:
      return views / 2;
    case ReferenceChoice::Rule::kSaddleSimRange:
      return predict::kSaddleSimRange;
    case ReferenceChoice::Rule::kNumber:
      return choice.number;
    case ReferenceChoice::Rule::kSaddleBalanced:
      break;
  }
  return predict::kSaddleBalanced;
}

/// The options that decide a scene's results.
Json options_json(const SceneOptions& options, const depth::Way& way) {
  return {{"process-res", way.policy.process_res},
          {"resize-method", std::string(to_string(way.policy.method))},
          {"reference", text_of(options.reference)},
          {"mixed", options.mixed == MixedSizes::kCrop ? "crop" : "error"},
          {"format", joined(options.formats)},
          {"depth-format", joined(options.depth_formats)},
          {"size", options.at_model_size ? "model" : "input"},
          {"colormap", options.colormap},
          {"confidence", options.confidence},
          {"sky", options.sky},
          {"keep", options.keep_percent},
          {"min-confidence", options.min_confidence ? Json(*options.min_confidence) : Json()},
          {"max-points", options.max_points},
          {"edges", options.edges_percent ? Json(*options.edges_percent) : Json()},
          {"sky-points", options.sky_points},
          {"no-cameras", options.no_cameras},
          {"point-confidence", options.point_confidence},
          {"colmap-text", options.colmap_text},
          {"tracks", options.tracks},
          {"cameras", options.cameras.string()},
          {"keep-scale", options.keep_scale},
          {"ignore-distortion", options.ignore_distortion},
          {"skip-bad", options.skip_bad}};
}

Json run_json(const SceneOptions& options, const depth::Way& way, const predict::DepthModel& model) {
  const ModelSpec& spec = model.spec();
  return {{"type", "run"},
          {"schema", 1},
          {"command", "scene"},
          {"tool", {{"version", std::string(version())}, {"commit", std::string(commit())}}},
          {"model", {{"name", spec.name}, {"sha256", spec.sha256}}},
          {"device", to_string(model.device())},
          {"precision", std::string(to_string(model.precision()))},
          {"attention", std::string(to_string(model.attention()))},
          {"options", options_json(options, way)}};
}

/// All that decides a scene: model, precision, options, given cameras, and the photos as they are now.
std::string digest_of(const Json& run, const SceneInput& input,
                      const std::optional<cameras::GivenCameras>& given) {
  Json all = {run.at("model"), run.at("precision"), run.at("options"), Json::array(), Json::array()};
  if (given) {
    for (const cameras::GivenCamera& camera : given->cameras)
      all[3].push_back({camera.photo, camera.camera_from_world, camera.intrinsics});
  }
  for (const ScenePhoto& photo : input.photos) {
    all.back().push_back({photo.path, photo.identity ? photo.identity->bytes : 0,
                          photo.identity ? photo.identity->mtime_ns : 0});
  }
  core::Sha256 hash;
  hash.update(all.dump(-1, ' ', true, Json::error_handler_t::replace));
  return hash.finish();
}

depth::Way way_of(const SceneOptions& options, const ModelSpec& spec) {
  // Maps are placed in the photo here, so that crops are no obstacle.
  return depth::make_way(
      spec,
      {.process_res = options.process_res, .resize_method = options.resize_method, .at_model_size = true});
}

}  // namespace

void check_scene_options(const SceneOptions& options, const ModelSpec& spec) {
  if (!spec.has_output("pose")) {
    throw Error(ErrorCode::kUsage, "model " + spec.name +
                                       " has no cameras, which a scene needs; take an any-view model such as "
                                       "da3-small, da3-base, da3-large or da3nested-giant-large");
  }
  for (const std::string& format : options.formats) {
    const bool known = std::any_of(std::begin(kSceneFormats), std::end(kSceneFormats),
                                   [&](const char* each) { return format == each; });
    if (!known) throw Error(ErrorCode::kUsage, "--format: '" + format + "' is no format of a scene");
  }
  way_of(options, spec);  // Throws for sizes that the model does not take.
  const auto names = image::colormap_names();
  if (std::find(names.begin(), names.end(), options.colormap) == names.end()) {
    throw Error(ErrorCode::kUsage, "--colormap: '" + options.colormap + "' is not a colour map");
  }
}

namespace {

predict::Request request_of(const std::vector<scene::View>& views, const SceneOptions& options,
                            const ModelSpec& spec) {
  predict::Request request;
  request.views = static_cast<int>(views.size());
  request.size = views.front().input.size;
  request.wanted = {.confidence = spec.has_output("depth_conf"), .sky = spec.has_output("sky"), .pose = true};
  request.reference = reference_of(options.reference, request.views);
  for (const scene::View& view : views) request.pictures.emplace_back(view.input.rgb);
  return request;
}

void take_result(const predict::Result& result, std::vector<scene::View>& views) {
  for (std::size_t i = 0; i < views.size(); ++i) {
    scene::View& view = views[i];
    view.depth = depth::map_of(result.depth, i, result.size).values;
    if (!result.confidence.empty()) view.confidence = depth::map_of(result.confidence, i, result.size).values;
    if (!result.sky.empty()) view.sky = depth::map_of(result.sky, i, result.size).values;
    const auto pick = [i](const std::vector<float>& from, auto& to) {
      std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(i * to.size()), to.size(), to.begin());
    };
    pick(result.extrinsics, view.camera.camera_from_world);
    pick(result.intrinsics, view.camera.intrinsics);
  }
}

Json matrix_json(std::span<const double> values, std::size_t columns) {
  Json rows = Json::array();
  for (std::size_t at = 0; at < values.size(); at += columns)
    rows.push_back(std::vector<double>(values.begin() + static_cast<std::ptrdiff_t>(at),
                                       values.begin() + static_cast<std::ptrdiff_t>(at + columns)));
  return rows;
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
        way_(way_of(options, model_.spec())) {
    event_.folder = input.folder;
    event_.views = input.photos.size();
  }

  /// None if it was stopped before anything was written.
  std::optional<SceneEvent> run() {
    const Json header = run_json(options_, way_, model_);
    const std::string digest = digest_of(header, input_, given_);
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
    try {
      if (!read() || stop_.stop_requested()) return std::nullopt;
      const std::vector<std::string> files = planned_files(options_, scene_.views);
      journal.require_own(files);
      journal.begin(header.dump(), digest, files);
      forward();
      if (stop_.stop_requested()) return std::nullopt;
      make_points();
      write(journal, files);
    } catch (const Error& error) {
      const bool of_run = error.code() == ErrorCode::kOutputFailed || error.code() == ErrorCode::kUsage ||
                          error.code() == ErrorCode::kDeviceUnavailable ||
                          error.code() == ErrorCode::kOutputExists;
      if (of_run) throw;
      event_.status = ImageStatus::kFailed;
      event_.error = error.code();
      event_.message = input_.folder.string() + ": " + error.what();
      const Json record = {
          {"type", "scene"},
          {"status", "failed"},
          {"error", {{"code", std::string(error_name(error.code()))}, {"message", error.what()}}},
          {"views", input_.photos.size()}};
      if (state == State::kNone || options_.overwrite || state == State::kUnfinished) {
        journal.begin(header.dump(), digest, {});
        journal.append(record.dump(-1, ' ', false, Json::error_handler_t::replace));
      }
      event_.json.push_back(record.dump(-1, ' ', false, Json::error_handler_t::replace));
    }
    return event_;
  }

 private:
  void say(const std::string& text) const {
    if (callbacks_.on_step) callbacks_.on_step(text);
  }

  void warn(const char* code, const std::string& message) {
    warnings_.push_back({{"code", code}, {"message", message}});
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
    ms_["decode"] = ms_since(start);
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

  void forward() {
    const auto start = Clock::now();
    say("one forward pass over " + std::to_string(scene_.views.size()) + " views");
    const predict::Request request = request_of(scene_.views, options_, model_.spec());
    predict::Result result;
    try {
      result = model_.predict(request);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kOutOfMemory) throw;
      throw Error(ErrorCode::kOutOfMemory,
                  std::string(error.what()) + "; " + std::to_string(scene_.views.size()) +
                      " views do not fit: give fewer photos, a smaller --process-res or a smaller model");
    }
    take_result(result, scene_.views);
    peak_bytes_ = result.peak_bytes;
    if (!result.references.empty()) scene_.reference = static_cast<std::size_t>(result.references.front());
    if (scene_.views.size() == 2) scene_.reference = 0;
    scene_.unit = model_.spec().depth_unit == "m" ? scene::Unit::kMetres : scene::Unit::kRelative;
    for (const scene::View& view : scene_.views) {
      if (view.camera.intrinsics[0] >= kWideFocal * view.input.size.width)
        warn("camera.degenerate", view.file.string() + ": the network gives a field of view of 0");
    }
    if (scene_.views.size() == 1)
      warn("scene.single_view", "one photo: its camera is the world's, near enough");
    ms_["forward"] = ms_since(start);
    if (given_) adopt();
  }

  void adopt() {
    const CameraOutcome outcome =
        adopt_given_cameras(scene_.views, *given_, options_.keep_scale, scene_.unit);
    scene_.unit = outcome.unit;
    scene_.pose_source = scene::PoseSource::kGiven;
    if (outcome.alignment.predicted_from_given) {
      similarity_ = {{"scale", outcome.alignment.predicted_from_given->scale},
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
    ms_["points"] = ms_since(start);
  }

  void write(journal::SceneJournal& journal, const std::vector<std::string>& files) {
    const auto start = Clock::now();
    say("writing " + std::to_string(files.size()) + " files");
    page_.facts = {{"Model", model_.spec().name},
                   {"Views", std::to_string(scene_.views.size())},
                   {"Points", std::to_string(scene_.cloud.points.size())},
                   {"Unit", std::string(scene::to_string(scene_.unit))}};
    write_scene(options_, scene_, way_, page_, threads_, input_.folder, journal);
    ms_["write"] = ms_since(start);
    for (std::size_t i = 0; i < scene_.views.size(); ++i) {
      const std::string line = view_json(i).dump(-1, ' ', false, Json::error_handler_t::replace);
      journal.append(line);
      event_.json.push_back(line);
    }
    const std::string line = scene_json(files).dump(-1, ' ', false, Json::error_handler_t::replace);
    journal.finish(line, files);
    event_.json.push_back(line);
    event_.files = files;
  }

  /// "m", "given", or null for the network's own.
  Json unit_json() const {
    return scene_.unit == scene::Unit::kRelative ? Json() : Json(std::string(scene::to_string(scene_.unit)));
  }

  Json view_json(std::size_t i) const {
    const scene::View& view = scene_.views[i];
    const Camera camera = view.photo_camera();
    const double focal = camera.intrinsics[0];
    const double hfov = 2 * std::atan(view.place.photo_size.width / 2.0 / focal) * 180 / std::numbers::pi;
    const formats::DepthSummary depth = formats::summarise({view.input.size, view.depth});
    const scene::Placement& place = view.place;
    Json record = {{"type", "view"},
                   {"path", view.file.string()},
                   {"index", i},
                   {"status", "done"},
                   {"error", nullptr},
                   {"input", {{"height", place.photo_size.height}, {"width", place.photo_size.width}}},
                   {"processed", {{"height", view.input.size.height}, {"width", view.input.size.width}}},
                   {"resized", {{"height", place.resized.height}, {"width", place.resized.width}}},
                   {"crop", {place.top, place.left, view.input.size.height, view.input.size.width}},
                   {"reference", scene_.reference == i},
                   {"camera",
                    {{"source", std::string(scene::to_string(scene_.pose_source))},
                     {"camera_from_world", matrix_json(camera.camera_from_world, 4)},
                     {"intrinsics", matrix_json(camera.intrinsics, 3)},
                     {"hfov_deg", hfov}}},
                   {"points", points_of_view_[i]}};
    Json numbers = {{"unit", unit_json()}};
    if (depth.values) {
      numbers["p2"] = depth.values->p2;
      numbers["median"] = depth.values->median;
      numbers["p98"] = depth.values->p98;
    }
    record["depth"] = numbers;
    return record;
  }

  Json scene_json(const std::vector<std::string>& /*files*/) const {
    return {{"type", "scene"},
            {"status", "done"},
            {"error", nullptr},
            {"views", scene_.views.size()},
            {"reference", scene_.reference ? Json(*scene_.reference) : Json()},
            {"unit", unit_json()},
            {"threshold", scene_.cloud.threshold ? Json(*scene_.cloud.threshold) : Json()},
            {"points", {{"candidates", scene_.cloud.candidates}, {"kept", scene_.cloud.points.size()}}},
            {"similarity", similarity_},
            {"warnings", warnings_},
            {"ms", ms_},
            {"peak_bytes", peak_bytes_ ? Json(*peak_bytes_) : Json()}};
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
  Json warnings_ = Json::array();
  Json ms_ = Json::object();
  Json similarity_;  ///< Predicted cameras against given ones; null without
  std::optional<std::uint64_t> peak_bytes_;
  std::vector<std::uint64_t> points_of_view_;
};

}  // namespace

SceneSummary run_scenes(const SceneOptions& options, const Environment& environment,
                        const SceneCallbacks& callbacks, std::stop_token stop) {
  check_scene_options(options, environment.model->spec());
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
      event = SceneRun(options, environment, input, given, threads, callbacks, stop).run();
    if (!event) {
      summary.interrupted = true;
      return summary;
    }
    summary.done += event->status == ImageStatus::kDone ? 1 : 0;
    summary.failed += event->status == ImageStatus::kFailed ? 1 : 0;
    summary.skipped += event->status == ImageStatus::kSkipped ? 1 : 0;
    if (callbacks.on_scene) callbacks.on_scene(*event);
  }
  return summary;
}

std::vector<ScenePlan> plan_scenes(const SceneOptions& options, const ModelSpec& model) {
  check_scene_options(options, model);
  const depth::Way way = way_of(options, model);
  std::vector<ScenePlan> plans;
  for (const SceneInput& input : find_scenes(options)) {
    ScenePlan plan;
    plan.folder = input.folder;
    std::vector<Size> sizes;
    for (const ScenePhoto& photo : input.photos) {
      plan.photos.push_back(photo.path);
      try {
        if (photo.error) throw Error(*photo.error);
        codec::DecodeOptions decode;
        decode.max_pixels = options.max_pixels;
        sizes.push_back(depth::processed_size(way, codec::read_size(photo.path, decode)));
      } catch (const Error& error) {
        plan.unusable.emplace_back(error.what());
      }
    }
    if (!sizes.empty()) {
      plan.input = sizes.front();
      for (const Size size : sizes)
        plan.input = {std::min(plan.input.height, size.height), std::min(plan.input.width, size.width)};
      for (const Size size : sizes) {
        const double kept = static_cast<double>(plan.input.area()) / static_cast<double>(size.area());
        plan.most_cut_percent = std::max(plan.most_cut_percent, kPercent * (1 - kept));
      }
    }
    plans.push_back(std::move(plan));
  }
  return plans;
}

}  // namespace da3::run
