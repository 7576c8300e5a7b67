// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <numbers>
#include <span>

#include <formats/depth_statistics.hpp>
#include <formats/format_table.hpp>

#include <da3/version.hpp>

#include <core/model_record.hpp>
#include <core/sha256.hpp>
#include <core/text.hpp>
#include <core/text_encoding.hpp>
#include <run/scene/scene_records.hpp>

namespace da3::run {
namespace {

/// As the option names them.
std::string formats_text(const std::vector<std::string>& formats) {
  return formats.empty() ? std::string(formats::kNoFormat) : core::joined(formats, ",");
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

std::string text_of(const WindowChoice& choice) {
  if (choice.rule == WindowChoice::Rule::kNumber) return std::to_string(choice.size);
  return choice.rule == WindowChoice::Rule::kOff ? "off" : "auto";
}

/// The options that decide a scene's results.
Json options_json(const SceneOptions& options, const depth::Way& way) {
  return {{"process-res", way.policy.process_res},
          {"resize-method", std::string(to_string(way.policy.method))},
          {"reference", text_of(options.reference)},
          {"pose", options.pose == PoseChoice::kRays ? "rays" : "decoder"},
          {"window", text_of(options.window)},
          {"overlap", options.window.overlap ? Json(*options.window.overlap) : Json()},
          {"mixed", options.mixed == MixedSizes::kCrop ? "crop" : "error"},
          {"format", formats_text(options.formats)},
          {"depth-format", formats_text(options.depth_formats)},
          {"size", options.size == options::ResultSize::kModel ? "model" : "input"},
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
          {"sh", options.harmonics_degree},
          {"gaussian-keep", options.gaussian_keep_percent},
          {"features", options.features},
          {"feature-pictures", options.feature_pictures},
          {"cameras", options.cameras.string()},
          {"camera-normalisation",
           options.camera_normalisation == scene::Normalisation::kOriginal ? "original" : "ours"},
          {"keep-scale", options.keep_scale},
          {"ignore-distortion", options.ignore_distortion},
          {"skip-bad", options.skip_bad}};
}

/// "m", "given", or null for the network's own.
Json unit_json(scene::Unit unit) {
  return unit == scene::Unit::kRelative ? Json() : Json(std::string(scene::to_string(unit)));
}

Json matrix_json(std::span<const double> values, std::size_t columns) {
  Json rows = Json::array();
  for (std::size_t at = 0; at < values.size(); at += columns)
    rows.push_back(std::vector<double>(values.begin() + static_cast<std::ptrdiff_t>(at),
                                       values.begin() + static_cast<std::ptrdiff_t>(at + columns)));
  return rows;
}

/// Null without given cameras, and where they say nothing of the scale.
Json alignment_json(const std::optional<scene::Alignment>& alignment) {
  if (!alignment || !alignment->predicted_from_given) return {};
  return {{"scale", alignment->predicted_from_given->scale},
          {"rms", alignment->rms},
          {"angle_deg", alignment->angle_deg}};
}

Json warnings_json(const std::vector<scene::Warning>& warnings) {
  Json list = Json::array();
  for (const scene::Warning& each : warnings)
    list.push_back({{"code", each.code}, {"message", each.message}});
  return list;
}

/// Names that are not UTF-8 also exactly, as in the records of images.
void put_outputs(Json& record, const SceneOutputs& outputs) {
  Json exact = Json::object();
  record["outputs"] = Json::object();
  for (const auto& [format, file] : outputs) {
    record["outputs"][format] = file;
    if (!core::is_utf8(file)) exact[format] = core::base64_encode(file);
  }
  if (!exact.empty()) record["outputs_base64"] = exact;
}

/// Null without windows.
Json windows_json(const std::vector<SceneWindow>& windows) {
  if (windows.empty()) return {};
  Json list = Json::array();
  for (const SceneWindow& each : windows) {
    const scene::Similarity& similarity = each.scene_from_window;
    list.push_back({{"begin", each.begin},
                    {"end", each.end},
                    {"reference", each.reference ? Json(*each.reference) : Json()},
                    {"scale", similarity.scale},
                    {"rotation", matrix_json(similarity.rotation, 3)},
                    {"translation", similarity.translation},
                    {"residual", each.residual ? Json(*each.residual) : Json()},
                    {"forward_ms", each.forward_ms}});
  }
  return list;
}

}  // namespace

Json run_record(const SceneOptions& options, const depth::Way& way, const predict::DepthModel& model) {
  const ModelSpec& spec = model.spec();
  Json of_model = {{"name", spec.name}, {"sha256", core::known_by(spec)}};
  if (const auto described = core::record_digest(spec)) of_model["describe_sha256"] = *described;
  return {{"type", "run"},
          {"schema", 1},
          {"command", "scene"},
          {"tool", {{"version", std::string(version())}, {"commit", std::string(commit())}}},
          {"model", of_model},
          {"device", to_string(model.device())},
          {"precision", std::string(to_string(model.precision()))},
          {"attention", std::string(to_string(model.attention()))},
          {"options", options_json(options, way)}};
}

std::string scene_digest(const Json& run, const std::vector<ScenePhoto>& photos,
                         const std::optional<cameras::GivenCameras>& given) {
  Json options = run.at("options");
  options["skip-bad"] = false;  // Where nothing is left out it decides nothing
  Json all = {run.at("model"), run.at("precision"), options, Json::array(), Json::array()};
  if (given) {
    all[3].push_back(given->unit);
    for (const cameras::GivenCamera& camera : given->cameras) {
      const Size size = camera.size.value_or(Size{});
      all[3].push_back({camera.photo, camera.camera_from_world, camera.intrinsics, size.height, size.width});
    }
  }
  for (const ScenePhoto& photo : photos) {
    all.back().push_back({photo.path, photo.identity ? photo.identity->bytes : 0,
                          photo.identity ? photo.identity->mtime_ns : 0});
  }
  core::Sha256 hash;
  hash.update(all.dump(-1, ' ', true, Json::error_handler_t::replace));
  return hash.finish();
}

std::string line_of(const Json& record) {
  return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json view_record(const scene::Scene& scene, std::size_t i, std::uint64_t points,
                 const SceneOutputs& outputs) {
  const scene::View& view = scene.views[i];
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
                 {"reference", scene.reference == i},
                 {"camera",
                  {{"source", std::string(scene::to_string(scene.pose_source))},
                   {"origin_spread", view.origin_spread ? Json(*view.origin_spread) : Json()},
                   {"camera_from_world", matrix_json(camera.camera_from_world, 4)},
                   {"intrinsics", matrix_json(camera.intrinsics, 3)},
                   {"hfov_deg", hfov}}},
                 {"points", points}};
  Json numbers = {{"unit", unit_json(scene.unit)}};
  if (depth.values) {
    numbers["p2"] = depth.values->p2;
    numbers["median"] = depth.values->median;
    numbers["p98"] = depth.values->p98;
  }
  numbers["finite"] = depth.finite;
  record["depth"] = numbers;
  put_outputs(record, outputs);
  const std::string path = view.file.string();
  if (!core::is_utf8(path)) record["path_base64"] = core::base64_encode(path);
  return record;
}

Json scene_record(const scene::Scene& scene, const SceneReport& report, const SceneOutputs& outputs) {
  Json record = {
      {"type", "scene"},
      {"status", "done"},
      {"error", nullptr},
      {"views", scene.views.size()},
      {"reference", scene.reference ? Json(*scene.reference) : Json()},
      {"unit", unit_json(scene.unit)},
      {"threshold", scene.cloud.threshold ? Json(*scene.cloud.threshold) : Json()},
      {"points", {{"candidates", scene.cloud.candidates}, {"kept", scene.cloud.points.size()}}},
      {"gaussians", scene.gaussians.empty() && report.dropped_gaussians == 0
                        ? Json()
                        : Json{{"kept", scene.gaussians.size()}, {"dropped", report.dropped_gaussians}}},
      {"similarity", alignment_json(scene.alignment)},
      {"windows", windows_json(scene.windows)},
      {"warnings", warnings_json(scene.warnings)}};
  put_outputs(record, outputs);
  record["ms"] = report.ms;
  record["peak_bytes"] = report.peak_bytes ? Json(*report.peak_bytes) : Json();
  return record;
}

Json failed_record(const Error& error, std::size_t views) {
  return {{"type", "scene"},
          {"status", "failed"},
          {"error", {{"code", std::string(error_name(error.code()))}, {"message", error.what()}}},
          {"views", views}};
}

}  // namespace da3::run
