// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <journal/records.hpp>
#include <nlohmann/json.hpp>

#include <core/json_reading.hpp>
#include <core/names.hpp>
#include <core/text_encoding.hpp>

namespace da3::journal {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchema = 1;
constexpr std::int64_t kLastTime_ms = std::int64_t{1} << 53;
constexpr core::NameTable<ImageStatus, 3> kStatusNames{
    {{ImageStatus::kDone, "done"}, {ImageStatus::kSkipped, "skipped"}, {ImageStatus::kFailed, "failed"}}};

/// JSON knows no NaN and no infinity.
Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json text_or_null(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json(nullptr);
}

/// One line; bytes that are not UTF-8 become U+FFFD.
std::string one_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json size_json(const Size& size) {
  return {{"height", size.height}, {"width", size.width}};
}

void put_outputs(Json& json, const std::vector<std::pair<formats::Format, std::string>>& outputs) {
  Json exact = Json::object();
  json["outputs"] = Json::object();
  for (const auto& [format, path] : outputs) {
    const std::string name(to_string(format));
    json["outputs"][name] = path;
    if (!core::is_utf8(path)) exact[name] = core::base64_encode(path);
  }
  if (!exact.empty()) json["outputs_base64"] = exact;
}

void put_input(Json& json, const ImageRecord& record) {
  if (!record.input && !record.identity) return;
  Json input = record.input ? size_json(*record.input) : Json::object();
  if (record.identity) {
    input["bytes"] = record.identity->bytes;
    input["mtime_ns"] = record.identity->mtime_ns;
  }
  json["input"] = input;
}

Json depth_json(const formats::DepthSummary& summary, const std::optional<std::string>& unit) {
  Json json = {{"unit", text_or_null(unit)}};
  const auto put = [&](const char* name, double formats::DepthStatistics::* value) {
    json[name] = summary.values ? number((*summary.values).*value) : Json(nullptr);
  };
  put("min", &formats::DepthStatistics::min);
  put("p2", &formats::DepthStatistics::p2);
  put("median", &formats::DepthStatistics::median);
  put("p98", &formats::DepthStatistics::p98);
  put("max", &formats::DepthStatistics::max);
  json["finite"] = number(summary.finite);
  return json;
}

Json png16_json(const formats::Png16Scale& scale) {
  Json json = {{"scale", number(scale.scale)}, {"offset", number(scale.offset)}};
  if (scale.clipped) json["clipped"] = *scale.clipped;
  return json;
}

/// Parses `line` and reads it by `read`, with the errors of the library as ours.
template <typename Read>
auto from_line(std::string_view line, const char* type, Read read) {
  try {
    const Json json = core::parse_json<Json>(line);
    if (json.at("type") != type)
      throw Error(ErrorCode::kInternal, std::string("manifest: not a record of type ") + type);
    return read(json);
  } catch (const Json::exception& failure) {
    throw Error(ErrorCode::kInternal, std::string("manifest: a record cannot be read: ") + failure.what());
  } catch (const Error& failure) {
    throw Error(ErrorCode::kInternal, failure.what());
  }
}

template <std::integral Integer = std::int64_t>
Integer whole(const Json& json) {
  // 2.0 is none: the quick reader of a line takes digits alone.
  const auto number = json.is_number_integer() ? core::whole_number<Integer>(json) : std::nullopt;
  if (!number) throw Error(ErrorCode::kInternal, "manifest: a number is not whole, or too large");
  return *number;
}

template <typename T>
std::optional<T> maybe(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return std::nullopt;
  if constexpr (std::integral<T> && !std::same_as<T, bool>) {
    return whole<T>(*found);
  } else {
    return found->get<T>();
  }
}

double number_or_nan(const Json& json, const char* name) {
  return maybe<double>(json, name).value_or(std::nan(""));
}

std::string decoded_name(const std::string& encoded) {
  auto decoded = core::base64_decode(encoded);
  if (!decoded) throw Error(ErrorCode::kInternal, "manifest: a name is no base64");
  return *std::move(decoded);
}

std::string exact_text(const Json& json, const char* plain, const char* base64) {
  const auto encoded = maybe<std::string>(json, base64);
  return encoded ? decoded_name(*encoded) : json.at(plain).get<std::string>();
}

std::optional<Size> maybe_size(const Json& json) {
  if (!json.contains("height")) return std::nullopt;
  return Size{whole<int>(json.at("height")), whole<int>(json.at("width"))};
}

std::vector<std::pair<formats::Format, std::string>> read_outputs(const Json& json) {
  std::vector<std::pair<formats::Format, std::string>> outputs;
  const Json exact = json.value("outputs_base64", Json::object());
  const Json& plain = json.at("outputs");
  if (!plain.is_object() || !exact.is_object())
    throw Error(ErrorCode::kInternal, "manifest: outputs is no object");
  for (const auto& [name, path] : plain.items()) {
    const auto text = path.get<std::string>();
    const auto* known = std::ranges::find(formats::kFormatFacts, name, &formats::FormatFacts::name);
    if (known == formats::kFormatFacts.end()) continue;  // A format of a later da3 is none of ours
    outputs.emplace_back(known->format,
                         exact.contains(name) ? decoded_name(exact.at(name).get<std::string>()) : text);
    if (!is_result_path(outputs.back().second)) {
      throw Error(ErrorCode::kInternal, "manifest: a result lies outside of the folder");
    }
  }
  return outputs;
}

formats::DepthSummary read_depth(const Json& json) {
  formats::DepthSummary summary;
  summary.finite = number_or_nan(json, "finite");
  if (maybe<double>(json, "min")) {
    summary.values = formats::DepthStatistics{number_or_nan(json, "min"), number_or_nan(json, "p2"),
                                              number_or_nan(json, "median"), number_or_nan(json, "p98"),
                                              number_or_nan(json, "max")};
  }
  return summary;
}

void read_results(const Json& json, ImageRecord& record) {
  if (json.contains("png16")) {
    const Json& scale = json.at("png16");
    record.png16 = formats::Png16Scale{number_or_nan(scale, "scale"), number_or_nan(scale, "offset"),
                                       maybe<std::uint64_t>(scale, "clipped")};
  }
  if (json.contains("depth")) {
    record.depth_unit = maybe<std::string>(json.at("depth"), "unit");
    record.depth = read_depth(json.at("depth"));
  }
  if (json.contains("focal_px")) {
    record.focal = FocalRecord{number_or_nan(json, "focal_px"), json.value("focal_source", std::string())};
  }
  if (const auto camera = maybe<Json>(json, "camera")) {
    record.camera = image::Intrinsics{number_or_nan(*camera, "fx"), number_or_nan(*camera, "fy"),
                                      number_or_nan(*camera, "cx"), number_or_nan(*camera, "cy")};
  }
  const Json stages = json.value("ms", Json::object());
  for (const auto& [stage, ms] : stages.items()) {
    record.ms.emplace_back(stage, ms.is_null() ? std::nan("") : ms.get<double>());
  }
  record.warnings = json.value("warnings", std::vector<std::string>());
}

}  // namespace

std::string to_json(const RunRecord& record) {
  Json json = {{"type", "run"}, {"schema", kSchema}};
  json["tool"] = {{"version", record.tool_version}, {"commit", record.tool_commit}};
  json["model"] = {{"name", record.model_name},
                   {"sha256", record.model_sha256},
                   {"kind", da3::to_string(record.model_kind)},
                   {"unit", text_or_null(record.model_unit)}};
  json["device"] = record.device;
  json["precision"] = record.precision;
  json["attention"] = record.attention;
  json["options"] = record.options;
  if (record.range_of_set) json["range_of"] = "set";
  if (record.pid != 0) json["pid"] = record.pid;
  if (!record.host.empty()) json["host"] = record.host;
  if (record.began_ms != 0) json["began_ms"] = record.began_ms;
  return one_line(json);
}

std::string to_json(const ImageRecord& record) {
  Json json = {{"type", "image"}, {"path", record.path}};
  if (!core::is_utf8(record.path)) json["path_base64"] = core::base64_encode(record.path);
  json["status"] = core::name_of(kStatusNames, record.status);
  json["error"] = nullptr;
  if (record.error) json["error"] = {{"code", record.error->code}, {"message", record.error->message}};
  put_input(json, record);
  if (record.processed) json["processed"] = size_json(*record.processed);
  if (record.batch) json["batch"] = *record.batch;
  put_outputs(json, record.outputs);
  if (record.png16) json["png16"] = png16_json(*record.png16);
  if (record.depth) json["depth"] = depth_json(*record.depth, record.depth_unit);
  if (record.focal) {
    json["focal_px"] = number(record.focal->px);
    json["focal_source"] = record.focal->source;
  }
  if (record.camera) {
    const image::Intrinsics& camera = *record.camera;
    json["camera"] = {{"fx", number(camera.fx)},
                      {"fy", number(camera.fy)},
                      {"cx", number(camera.cx)},
                      {"cy", number(camera.cy)}};
  }
  if (!record.warnings.empty()) json["warnings"] = record.warnings;
  if (!record.ms.empty()) {
    json["ms"] = Json::object();
    for (const auto& [stage, ms] : record.ms) json["ms"][stage] = number(ms);
  }
  return one_line(json);
}

RunRecord run_from_json(std::string_view line) {
  return from_line(line, "run", [](const Json& json) {
    const int schema = whole<int>(json.at("schema"));
    if (schema != kSchema) {
      throw Error(ErrorCode::kInternal, "manifest: schema " + std::to_string(schema) + ", this da3 reads " +
                                            std::to_string(kSchema));
    }
    RunRecord run;
    run.tool_version = json.at("tool").at("version").get<std::string>();
    run.tool_commit = json.at("tool").at("commit").get<std::string>();
    const Json& model = json.at("model");
    run.model_name = model.at("name").get<std::string>();
    run.model_sha256 = model.at("sha256").get<std::string>();
    run.model_kind = parse_depth_kind(model.at("kind").get<std::string>());
    run.model_unit = maybe<std::string>(model, "unit");
    run.device = json.at("device").get<std::string>();
    run.precision = json.at("precision").get<std::string>();
    run.attention = json.at("attention").get<std::string>();
    run.options = json.at("options").get<std::map<std::string, std::string>>();
    run.range_of_set = maybe<std::string>(json, "range_of") == "set";
    run.pid = maybe<std::int64_t>(json, "pid").value_or(0);
    run.host = maybe<std::string>(json, "host").value_or("");
    run.began_ms = maybe<std::int64_t>(json, "began_ms").value_or(0);
    // Later runs are later: their times count on from it.
    if (run.began_ms < 0 || run.began_ms > kLastTime_ms)
      throw Error(ErrorCode::kInternal, "manifest: began_ms is no time of a run");
    return run;
  });
}

ImageRecord image_from_json(std::string_view line) {
  return from_line(line, "image", [](const Json& json) {
    ImageRecord record;
    record.path = exact_text(json, "path", "path_base64");
    record.status = core::value_of(kStatusNames, "status", json.at("status").get<std::string>());
    if (const auto error = maybe<Json>(json, "error")) {
      record.error =
          RecordedError{error->at("code").get<std::string>(), error->at("message").get<std::string>()};
    }
    if (const auto input = maybe<Json>(json, "input")) {
      record.input = maybe_size(*input);
      if (input->contains("bytes")) {
        record.identity = InputIdentity{static_cast<std::uint64_t>(whole(input->at("bytes"))),
                                        whole(input->at("mtime_ns"))};
      }
    }
    if (const auto processed = maybe<Json>(json, "processed")) record.processed = maybe_size(*processed);
    record.batch = maybe<int>(json, "batch");
    record.outputs = read_outputs(json);
    read_results(json, record);
    return record;
  });
}

bool is_result_path(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) return false;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

ImageRecord failed_record(std::string path, const Error& error) {
  ImageRecord record;
  record.path = std::move(path);
  record.status = ImageStatus::kFailed;
  record.error = RecordedError{std::string(error_name(error.code())), error.what()};
  return record;
}

}  // namespace da3::journal
