// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>

#include <formats/read_result.hpp>
#include <options/validate.hpp>

#include <da3/version.hpp>

#include <core/model_record.hpp>
#include <core/text.hpp>
#include <run/settings.hpp>

namespace da3::run {
namespace {

/// What the model cannot give.
void check_outputs(const Options& options, const ModelSpec& model) {
  if (options.confidence && !model.has_output("depth_conf"))
    options::refuse(model.name + ": this model gives no confidence");
  if (options.sky && !model.has_output("sky")) options::refuse(model.name + ": this model gives no sky");
}

}  // namespace

Settings make_settings(const Options& options, const ModelSpec& model) {
  options::validate(options);
  check_outputs(options, model);
  Settings settings;
  settings.decode.max_pixels = options.max_pixels;
  settings.decode.jpeg_pixels = options.jpeg_pixels;
  settings.way = depth::make_way(model, {.process_res = options.process_res,
                                         .resize_method = options.resize_method,
                                         .focal_px = options.focal_px,
                                         .hfov_deg = options.hfov_deg,
                                         .at_model_size = options.size == ResultSize::kModel});
  settings.wanted.confidence = options.confidence;
  settings.wanted.sky = options.sky;
  if (settings.way.result_kind == DepthKind::kMetric) settings.unit.emplace("m");
  settings.formats = formats::parse_formats(options.formats);
  settings.encode = formats::encode_options(options);
  if (!options.intrinsics.empty()) {
    settings.cameras =
        std::make_shared<cameras::KnownCameras>(cameras::KnownCameras::read(options.intrinsics));
  }
  // Where nobody says what the camera is, a network that finds cameras is asked.
  settings.wanted.pose = settings.needs_camera() && model.has_output("pose");
  return settings;
}

bool needs_cameras(const Options& options) {
  return std::ranges::any_of(formats::parse_formats(options.formats), formats::needs_camera);
}

journal::RunRecord make_run_record(const Options& options, const Settings& settings, const ModelSpec& model,
                                   const DeviceId& device, Precision precision, Attention attention) {
  journal::RunRecord record;
  record.tool_version = version();
  record.tool_commit = commit();
  record.model_name = model.name;
  record.model_sha256 = core::known_by(model);
  // Scale and shift of what comes of inverse depth are unknown, which its readers have to know.
  record.model_kind =
      settings.way.model_kind == DepthKind::kInverse ? DepthKind::kInverse : settings.way.result_kind;
  record.model_unit = settings.unit;
  record.device = to_string(device);
  record.precision = to_string(precision);
  record.attention = to_string(attention);
  auto& values = record.options;
  if (const auto described = core::record_digest(model)) values["describe"] = "(sha256 " + *described + ")";
  if (settings.way.fixed_size) {
    values["process-res"] = "fixed";
  } else {
    values["process-res"] = std::to_string(settings.way.policy.process_res);
    values["resize-method"] = to_string(settings.way.policy.method);
  }
  values["format"] = formats::format_list(settings.formats);
  values["size"] = options.size == ResultSize::kInput ? "input" : "model";
  values["colormap"] = options.colormap;
  values["vis-range"] = options.range_of_set ? "set"
                        : options.vis_range  ? core::exact_text(options.vis_range->first) + "," +
                                                  core::exact_text(options.vis_range->second)
                                            : "image";
  if (options.preview) values["preview"] = std::to_string(*options.preview);
  if (!options.exr_compression.empty()) values["exr-compression"] = options.exr_compression;
  if (options.exr_channels != "Z") values["exr-channels"] = options.exr_channels;
  if (settings.cameras) {
    constexpr std::size_t kShown = 12;
    values["intrinsics"] =
        options.intrinsics.string() + " (sha256 " + settings.cameras->sha256().substr(0, kShown) + ")";
  }
  values["confidence"] = options.confidence ? "on" : "off";
  values["sky"] = options.sky ? "on" : "off";
  // Results hold the camera that it makes, whatever their depth is.
  if (settings.way.model_kind == DepthKind::kCanonical || options.focal_px || options.hfov_deg) {
    values["focal"] = options.focal_px ? core::exact_text(*options.focal_px) : "none";
    values["hfov"] = options.hfov_deg ? core::exact_text(*options.hfov_deg) : "none";
  }
  return record;
}

}  // namespace da3::run
