// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>

#include <formats/read_result.hpp>

#include <da3/error.hpp>
#include <da3/version.hpp>

#include <core/text.hpp>
#include <run/settings.hpp>

namespace da3::run {
namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::kUsage, message);
}

std::vector<formats::Format> parse_list(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ",") + name;
  return formats::parse_formats(list);
}

void check_inputs(const Options& options) {
  if (options.inputs.empty())
    throw Error(ErrorCode::kNoInput, "no input was named; give files, folders or '-'");
  if (options.shard &&
      (options.shard->count < 1 || options.shard->index < 1 || options.shard->index > options.shard->count)) {
    refuse("--shard " + std::to_string(options.shard->index) + "/" + std::to_string(options.shard->count) +
           ": expected I/N with 1 <= I <= N");
  }
}

void check_resources(const Options& options) {
  if (options.batch && *options.batch < 1)
    refuse("--batch " + std::to_string(*options.batch) + ": expected 1 or more");
  if (!(options.memory_fraction > 0) || options.memory_fraction > 1) {
    refuse("--memory-fraction " + core::exact_text(options.memory_fraction) +
           ": expected more than 0 and at most 1");
  }
  if (options.decode_threads < 0) refuse("--decode-threads: expected 0 (from the machine) or more");
}

void check_results(const Options& options, const Settings& settings, const ModelSpec& model) {
  const auto holds_more = [](formats::Format format) { return formats::holds_extra_maps(format); };
  if ((options.confidence || options.sky) &&
      std::none_of(settings.formats.begin(), settings.formats.end(), holds_more)) {
    refuse("--confidence and --sky go into npz and exr files; add one of them to --format");
  }
  if (options.confidence && !model.has_output("depth_conf"))
    refuse(model.name + ": this model gives no confidence");
  if (options.sky && !model.has_output("sky")) refuse(model.name + ": this model gives no sky");
  const std::vector<std::string_view> maps = image::colormap_names();
  if (std::find(maps.begin(), maps.end(), options.colormap) == maps.end()) {
    std::string names;
    for (const std::string_view name : maps) names += (names.empty() ? "" : ", ") + std::string(name);
    refuse("--colormap " + options.colormap + ": choose one of " + names);
  }
  if (options.vis_range && !(options.vis_range->first < options.vis_range->second)) {
    refuse("--range: expected LO,HI with LO below HI");
  }
  if (options.range_of_set && !formats::best_readable(settings.formats)) {
    refuse(
        "--range set: the pictures are drawn again from what was written; add npz, exr, npy, pfm, tiff or "
        "png16 to "
        "--format");
  }
}

}  // namespace

Settings make_settings(const Options& options, const ModelSpec& model) {
  check_inputs(options);
  check_resources(options);
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
  if (settings.way.result_kind == DepthKind::kMetric) settings.unit = "m";
  settings.formats = parse_list(options.formats);
  settings.encode.vis = {options.colormap, options.vis_range};
  settings.encode.preview = options.preview;
  if (!options.exr_compression.empty()) {
    settings.encode.exr_compression = formats::parse_exr_compression(options.exr_compression);
  }
  settings.encode.exr_channels = formats::parse_exr_channels(options.exr_channels);
  if (!options.intrinsics.empty()) {
    settings.cameras =
        std::make_shared<cameras::KnownCameras>(cameras::KnownCameras::read(options.intrinsics));
  }
  // Where nobody says what the camera is, a network that finds cameras is asked.
  settings.wanted.pose = settings.needs_camera() && model.has_output("pose");
  check_results(options, settings, model);
  return settings;
}

journal::RunRecord make_run_record(const Options& options, const Settings& settings, const ModelSpec& model,
                                   const DeviceId& device, Precision precision, Attention attention) {
  journal::RunRecord record;
  record.tool_version = version();
  record.tool_commit = commit();
  record.model_name = model.name;
  record.model_sha256 = model.sha256;
  // Scale and shift of what comes of inverse depth are unknown, which its readers have to know.
  record.model_kind =
      settings.way.model_kind == DepthKind::kInverse ? DepthKind::kInverse : settings.way.result_kind;
  record.model_unit = settings.unit;
  record.device = to_string(device);
  record.precision = to_string(precision);
  record.attention = to_string(attention);
  auto& values = record.options;
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
  if (!options.intrinsics.empty()) values["intrinsics"] = options.intrinsics.string();
  values["confidence"] = options.confidence ? "on" : "off";
  values["sky"] = options.sky ? "on" : "off";
  if (settings.way.model_kind == DepthKind::kCanonical) {
    values["focal"] = options.focal_px ? core::exact_text(*options.focal_px) : "none";
    values["hfov"] = options.hfov_deg ? core::exact_text(*options.hfov_deg) : "none";
  }
  return record;
}

}  // namespace da3::run
