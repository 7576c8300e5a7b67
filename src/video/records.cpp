// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <span>

#include <sys/stat.h>
#include <video/frames_over_time.hpp>
#include <video/records.hpp>

#include <da3/error.hpp>
#include <da3/version.hpp>

#include <core/model_record.hpp>
#include <core/sha256.hpp>
#include <core/text_encoding.hpp>

namespace da3::video {
namespace {

using nlohmann::json;

constexpr const char* kExactPath = "path_base64";  ///< A name that is not UTF-8 is not exact in `path`

void put_exact_path(json& record, const std::string& path) {
  if (!core::is_utf8(path)) record[kExactPath] = core::base64_encode(path);
}

/// What tells that an input has changed: size, time, and a hash of its ends. Null for a pipe.
json identity_of(const std::string& path) {
  if (path == "-") return nullptr;
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return nullptr;
  constexpr std::streamoff kEnd = 65536;
  std::ifstream file(path, std::ios::binary);
  std::string ends(static_cast<std::size_t>(std::min<std::streamoff>(kEnd, status.st_size)), '\0');
  file.read(ends.data(), static_cast<std::streamsize>(ends.size()));
  if (status.st_size > kEnd) {
    std::string tail(kEnd, '\0');
    file.seekg(-kEnd, std::ios::end);
    file.read(tail.data(), kEnd);
    ends += tail;
  }
  return {{"bytes", status.st_size},
          {"mtime", static_cast<std::int64_t>(status.st_mtime)},
          {"ends", core::sha256_hex(std::as_bytes(std::span(ends)))}};
}

/// A file of an option: its name and what is in it.
json file_of(const std::filesystem::path& file) {
  if (file.empty()) return nullptr;
  json identity = identity_of(file.string());
  if (identity.is_object()) identity.erase("mtime");
  return {{"file", file.string()}, {"content", std::move(identity)}};
}

template <typename T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

constexpr std::array kRangeModes{"video", "running", "image", "given"};

}  // namespace

json run_key(const VideoPlan& plan, const predict::DepthModel& model) {
  const VideoOptions& options = plan.options;
  const depth::Way& way = plan.way;
  std::string formats;
  for (const std::string& each : options.formats) formats += (formats.empty() ? "" : ",") + each;
  json key = {
      {"input", identity_of(options.input)},
      {"model", core::known_by(model.spec())},
      {"precision", to_string(model.precision())},
      {"format", formats},
      {"colormap", options.colormap},
      {"vis-range", static_cast<int>(plan.range_mode)},
      {"steady", static_cast<int>(options.steady)},
      {"cuts", options.cuts_file.empty() ? json(static_cast<int>(options.cuts)) : file_of(options.cuts_file)},
      {"encoder", options.encoder},
      {"crf", options.crf},
      {"raw", nullptr},
      {"constant-fps", nullptr},
      {"sound", options.sound},
      {"hdr", options.read.hdr == Hdr::kToneMap ? "tonemap" : "raw"},
      {"deinterlace", options.read.deinterlace == Deinterlace::kAuto ? "auto" : "off"},
      {"stream", options.read.stream},
      {"start", options.choice.start_s},
      {"duration", or_null(options.choice.duration_s)},
      {"fps", or_null(options.choice.frames_per_s)},
      {"every", options.choice.every},
      {"limit", or_null(options.choice.limit)},
      {"timestamps", file_of(options.timestamps)},
      {"process-res", way.fixed_size ? 0 : way.policy.process_res},
      {"resize-method", way.fixed_size ? "fixed" : std::string(to_string(way.policy.method))},
      {"size", options.size == options::ResultSize::kModel ? "model" : "input"},
      {"confidence", options.confidence},
      {"sky", options.sky},
      {"preview", or_null(plan.encode.preview)},
      {"exr-channels", static_cast<int>(plan.encode.exr_channels)},
      {"exr-compression",
       plan.encode.exr_compression ? json(static_cast<int>(*plan.encode.exr_compression)) : json(nullptr)},
      {"focal", or_null(options.focal_px)},
      {"hfov", or_null(options.hfov_deg)}};
  if (const auto described = core::record_digest(model.spec())) key["describe"] = *described;
  if (const auto& raw = options.raw)
    key["raw"] = {raw->size.width, raw->size.height, raw->frames_per_s.num, raw->frames_per_s.den};
  if (const auto& rate = options.constant_fps) key["constant-fps"] = {rate->num, rate->den};
  if (plan.range_mode == RangeMode::kGiven) key["range"] = json_of(options.vis_range);
  return key;
}

json facts_json(const VideoFacts& facts) {
  return {{"shown", {{"height", facts.shown.height}, {"width", facts.shown.width}}},
          {"turn", facts.turn_degrees},
          {"mirrored", facts.mirrored},
          {"sample_aspect", {facts.sample_aspect.num, facts.sample_aspect.den}},
          {"declared_seconds", or_null(facts.declared_seconds)},
          {"container", facts.container},
          {"codec", facts.codec},
          {"bits", facts.bits},
          {"matrix", facts.matrix},
          {"matrix_assumed", facts.matrix_assumed},
          {"full_range", facts.full_range},
          {"transfer", facts.transfer},
          {"interlaced", facts.interlaced}};
}

json video_record(const VideoPlan& plan, const predict::DepthModel& model, const VideoFacts& facts,
                  Ratio time_base, const WholeVideo& whole) {
  const VideoOptions& options = plan.options;
  json line = {{"type", "video"}, {"schema", 1}, {"da3", version()}, {"path", options.input}};
  put_exact_path(line, options.input);
  line.update(facts_json(facts));
  line["time_base"] = {time_base.num, time_base.den};
  line["model"] = {{"name", model.spec().name}, {"kind", std::string(to_string(plan.way.result_kind))}};
  line["steady"] = !plan.steadies ? "off" : options.steady == Steady::kScale ? "scale" : "pictures";
  line["range"] = {{"mode", kRangeModes[static_cast<std::size_t>(plan.range_mode)]},
                   {"depth", json_of(whole.range)},
                   {"probes", whole.probes}};
  if (plan.outputs.has_grey16() && whole.grey_ref > 0) line["grey_ref"] = whole.grey_ref;
  for (const auto& [name, encoder] : whole.encoders) line["encoder"][name] = encoder;
  line["key"] = run_key(plan, model);
  return line;
}

std::optional<std::string> path_of(const json& header) {
  const bool is_exact = header.contains(kExactPath);
  const auto path = header.find(is_exact ? kExactPath : "path");
  if (path == header.end() || !path->is_string()) return std::nullopt;
  auto text = path->get<std::string>();
  return is_exact ? core::base64_decode(text) : std::optional(std::move(text));
}

json frame_record(const VideoPlan& plan, const Work& work) {
  json record = {{"type", "frame"},
                 {"path", plan.options.input},
                 {"frame", work.frame.number},
                 {"pts", work.pts},
                 {"seconds", work.seconds}};
  put_exact_path(record, plan.options.input);
  if (work.frame.error) {
    record["status"] = "failed";
    record["error"] = {{"code", std::string(error_name(work.frame.error->code()))},
                       {"message", work.frame.error->what()}};
    return record;
  }
  record["status"] = "done";
  if (work.frame.builds_on_damaged) record["builds_on_damaged"] = true;
  record["cut"] = work.steadied.cut;
  record["change"] = work.change;
  if (plan.steadies) record["steady"] = {{"factor", work.steadied.factor}, {"spread", work.steadied.spread}};
  if (work.range) record["range"] = json_of(work.range);
  if (work.summary && work.summary->values) {
    const formats::DepthStatistics& values = *work.summary->values;
    record["depth"] = {{"min", values.min}, {"p2", values.p2},   {"median", values.median},
                       {"p98", values.p98}, {"max", values.max}, {"finite", work.summary->finite}};
  }
  record["ms"] = {{"forward", work.forward_ms}};
  return record;
}

}  // namespace da3::video
