// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include <nlohmann/json.hpp>

#include <da3/error.hpp>

#include <core/stored_zip.hpp>
#include <core/text_encoding.hpp>
#include <weights/json_object.hpp>
#include <weights/model_file.hpp>
#include <weights/record.hpp>

namespace da3::weights {
namespace {

using nlohmann::ordered_json;

constexpr int kSchema = 1;
constexpr int kMaxPatch = 1024;
constexpr int kMaxSide = 65536;
constexpr std::array<std::string_view, 7> kOutputs{"depth", "depth_conf", "sky",      "depth_raw",
                                                   "pose",  "rays",       "gaussians"};

/// A value that is one of a few names; core's parsers throw kUsage, which is not what a bad record is.
template <typename Parse>
auto named(const JsonObject& object, const char* key, Parse parse) {
  const std::string text = object.text(key);
  try {
    return parse(text);
  } catch (const Error& error) {
    object.fail(key, error.what());
  }
}

/// A text for people to read, which commands print and manifests keep.
std::string label(const JsonObject& object, const char* key) {
  constexpr std::size_t kMostBytes = 1000;
  const std::string text = object.text(key);
  if (text.size() > kMostBytes) object.fail(key, "expected up to " + std::to_string(kMostBytes) + " bytes");
  return core::one_line(text, kMostBytes);
}

void check_sha256(const JsonObject& object, const char* key, const std::string& text) {
  const bool hexadecimal =
      text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!text.empty() && !hexadecimal)
    object.fail(key, "expected 64 lower-case hexadecimal digits, found '" + text + "'");
}

void read_network(const JsonObject& root, ModelSpec& spec) {
  if (!root.has("network")) return;
  const JsonObject network = root.object("network");
  spec.network_id = network.text("id");
  spec.network_layout = static_cast<int>(network.integer("layout", 0, std::numeric_limits<int>::max()));
  if (network.has("config")) {
    network.object("config");
    spec.network_config_json = network.at("config").dump();
  }
}

template <std::size_t N>
void read_floats(const JsonObject& root, const char* key, std::array<float, N>& values) {
  const std::vector<double> numbers = root.numbers(key, N);
  for (std::size_t i = 0; i < N; ++i) {
    values[i] = static_cast<float>(numbers[i]);
    if (!std::isfinite(values[i])) root.fail(key, "expected numbers within those of float32");
  }
}

void read_input(const JsonObject& root, ModelSpec& spec) {
  spec.patch = static_cast<int>(root.integer("patch", 1, kMaxPatch));
  read_floats(root, "mean", spec.mean);
  read_floats(root, "std", spec.std);
  read_floats(root, "input_range", spec.input_range);
  if (!std::ranges::all_of(spec.std, [](float value) { return value > 0; })) {
    root.fail("std", "expected numbers above 0");
  }
  if (!(spec.input_range[0] < spec.input_range[1]))
    root.fail("input_range", "expected the lower number first");
  if (root.has("fixed_size")) {
    const std::vector<int> size = root.integers("fixed_size", 2, 1, kMaxSide);
    if (size[0] % spec.patch != 0 || size[1] % spec.patch != 0) {
      root.fail("fixed_size", "expected multiples of patch, which is " + std::to_string(spec.patch));
    }
    spec.fixed_size = {size[0], size[1]};
  }
  // A network of one size needs neither.
  if (!spec.fixed_size || root.has("process_res")) {
    spec.process_res = static_cast<int>(root.integer("process_res", spec.patch, kMaxSide));
  }
  if (!spec.fixed_size || root.has("resize_method")) {
    spec.resize_method = named(root, "resize_method", parse_resize_method);
  }
}

void read_depth(const JsonObject& root, ModelSpec& spec) {
  const JsonObject depth = root.object("depth");
  spec.depth_kind = named(depth, "kind", parse_depth_kind);
  depth.at("unit");  // Null says that there is none; leaving it out says nothing.
  if (depth.has("unit")) spec.depth_unit = depth.text("unit");
  spec.larger_is_farther = depth.boolean("larger_is_farther");
  if (spec.depth_unit && *spec.depth_unit != "m")
    depth.fail("unit", "expected \"m\" or null, found '" + *spec.depth_unit + "'");
  if (spec.depth_unit.has_value() != (spec.depth_kind == DepthKind::kMetric)) {
    depth.fail("unit", "expected \"m\" for the kind metric and null for every other");
  }
  if (spec.larger_is_farther != (spec.depth_kind != DepthKind::kInverse)) {
    depth.fail("larger_is_farther", "expected false for the kind inverse and true for every other");
  }
}

void read_outputs(const JsonObject& root, ModelSpec& spec) {
  spec.outputs = root.texts("outputs");
  for (std::size_t i = 0; i < spec.outputs.size(); ++i) {
    const std::string& output = spec.outputs[i];
    if (std::ranges::find(kOutputs, output) == kOutputs.end()) {
      root.fail("outputs",
                "expected some of depth, depth_conf, sky, depth_raw, pose, rays, gaussians, found '" +
                    output + "'");
    }
    if (std::ranges::count(spec.outputs, output) > 1) root.fail("outputs", "names '" + output + "' twice");
  }
  if (!spec.has_output("depth")) root.fail("outputs", "expected 'depth' among them");
  for (const std::string& mode : root.texts("attention")) {
    if (mode != "sdpa" && mode != "manual")
      root.fail("attention", "expected sdpa or manual, found '" + mode + "'");
    spec.attention.push_back(parse_attention(mode));
  }
}

void read_weights(const JsonObject& root, ModelSpec& spec) {
  const JsonObject weights = root.object("weights");
  spec.origin = named(weights, "origin", parse_weights_origin);
  if (weights.has("seed")) spec.seed = weights.unsigned_integer("seed");
  if (spec.seed.has_value() != (spec.origin == WeightsOrigin::kSynthetic)) {
    weights.fail("seed", "expected a number for the origin synthetic and null for every other");
  }
  if (weights.has("source")) spec.source = label(weights, "source");
  spec.source_sha256 = weights.text_or("source_sha256", "");
  spec.sha256 = weights.text_or("sha256", "");
  check_sha256(weights, "source_sha256", spec.source_sha256);
  check_sha256(weights, "sha256", spec.sha256);
  if (spec.sha256.empty() && spec.origin != WeightsOrigin::kForeign) {
    weights.fail("sha256", "is missing, and may be so for the origin foreign only");
  }
}

std::optional<Selftest> read_selftest(const JsonObject& root, const ModelSpec& spec) {
  if (!root.has("selftest")) return std::nullopt;
  const JsonObject object = root.object("selftest");
  const JsonObject depth = object.object("depth");
  const Selftest selftest{.height = static_cast<int>(object.integer("height", 1, kMaxSide)),
                          .width = static_cast<int>(object.integer("width", 1, kMaxSide)),
                          .seed = object.unsigned_integer("seed"),
                          .mean = depth.number("mean"),
                          .p2 = depth.number("p2"),
                          .median = depth.number("median"),
                          .p98 = depth.number("p98"),
                          .tolerance = depth.number("tolerance")};
  if (selftest.height % spec.patch != 0 || selftest.width % spec.patch != 0) {
    root.fail("selftest",
              "expected a height and width of multiples of patch, which is " + std::to_string(spec.patch));
  }
  if (spec.fixed_size &&
      (selftest.height != (*spec.fixed_size)[0] || selftest.width != (*spec.fixed_size)[1])) {
    root.fail("selftest", "expected the size of fixed_size");
  }
  if (selftest.tolerance <= 0) depth.fail("tolerance", "expected a number above 0");
  return selftest;
}

/// The shortest decimal number that is this float, so that 0.485F is written as 0.485.
double shortest(float value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return nlohmann::json::parse(digits.data(), end).get<double>();
}

ordered_json number_list(std::span<const float> values) {
  ordered_json list = ordered_json::array();
  for (const float value : values) list.push_back(shortest(value));
  return list;
}

ordered_json text_or_null(const std::string& text) {
  return text.empty() ? ordered_json() : ordered_json(text);
}

ordered_json weights_json(const ModelSpec& spec) {
  return {{"origin", to_string(spec.origin)},
          {"seed", spec.seed ? ordered_json(*spec.seed) : ordered_json()},
          {"source", text_or_null(spec.source)},
          {"source_sha256", text_or_null(spec.source_sha256)},
          {"sha256", text_or_null(spec.sha256)}};
}

ordered_json selftest_json(const std::optional<Selftest>& selftest) {
  if (!selftest) return {};
  return {{"height", selftest->height},
          {"width", selftest->width},
          {"seed", selftest->seed},
          {"depth",
           {{"mean", selftest->mean},
            {"p2", selftest->p2},
            {"median", selftest->median},
            {"p98", selftest->p98},
            {"tolerance", selftest->tolerance}}}};
}

}  // namespace

ModelSpec parse_record(std::string_view text, const std::string& subject) {
  const nlohmann::json document = parse_json(text, subject);
  const JsonObject root(document, subject);
  const std::int64_t schema = root.integer("schema", 0, std::numeric_limits<int>::max());
  if (schema != kSchema) {
    root.fail("schema", "expected " + std::to_string(kSchema) + ", found " + std::to_string(schema) +
                            "; a newer da3 may read this file");
  }
  ModelSpec spec;
  spec.name = label(root, "name");
  if (spec.name.empty()) root.fail("name", "is empty");
  spec.family = label(root, "family");
  read_network(root, spec);
  spec.parameters = root.integer("parameters", 0, std::numeric_limits<std::int64_t>::max());
  read_input(root, spec);
  read_depth(root, spec);
  read_outputs(root, spec);
  read_weights(root, spec);
  spec.selftest = read_selftest(root, spec);
  const JsonObject licence = root.object("licence");
  spec.licence_spdx = label(licence, "spdx");
  spec.licence_attribution = label(licence, "attribution");
  if (root.has("da3_version")) spec.da3_version = label(root, "da3_version");
  return spec;
}

std::string record_text(const ModelSpec& spec) {
  ordered_json attention = ordered_json::array();
  for (const Attention mode : spec.attention) attention.push_back(to_string(mode));
  ordered_json record{{"schema", kSchema}, {"name", spec.name}, {"family", spec.family}};
  record["network"] = {
      {"id", spec.network_id},
      {"layout", spec.network_layout},
      {"config", spec.network_config_json.empty() ? ordered_json::object()
                                                  : ordered_json::parse(spec.network_config_json)}};
  record["parameters"] = spec.parameters;
  record["patch"] = spec.patch;
  record["mean"] = number_list(spec.mean);
  record["std"] = number_list(spec.std);
  record["input_range"] = number_list(spec.input_range);
  record["process_res"] = spec.process_res;
  if (spec.fixed_size) record["fixed_size"] = *spec.fixed_size;
  record["resize_method"] = to_string(spec.resize_method);
  record["depth"] = {{"kind", to_string(spec.depth_kind)},
                     {"unit", spec.depth_unit ? ordered_json(*spec.depth_unit) : ordered_json()},
                     {"larger_is_farther", spec.larger_is_farther}};
  record["outputs"] = spec.outputs;
  record["attention"] = attention;
  record["weights"] = weights_json(spec);
  record["selftest"] = selftest_json(spec.selftest);
  record["licence"] = {{"spdx", spec.licence_spdx}, {"attribution", spec.licence_attribution}};
  record["da3_version"] = spec.da3_version;
  return record.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

ModelSpec read_record(const core::StoredZip& archive) {
  const std::filesystem::path& path = archive.path();
  const core::ZipEntry* const entry = archive.find(kRecordEntry);
  if (entry == nullptr) {
    if (const auto kind = other_archive(archive)) {
      throw Error(ErrorCode::kModelContract, path.string() + " " + *kind);
    }
    throw Error(ErrorCode::kModelContract,
                path.string() +
                    ": expected the record 'da3.json' in the archive, found none; export the model with "
                    "'da3 model export', or describe a file of your own with --describe FILE.json");
  }
  const std::span<const std::byte> bytes = archive.checked_data(*entry);
  return parse_record({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                      path.string() + ": da3.json");
}

ModelSpec read_record(const std::filesystem::path& path) {
  return read_record(open_model_file(path));
}

void require_no_record(const core::StoredZip& archive) {
  if (archive.find(kRecordEntry) == nullptr) return;
  throw Error(ErrorCode::kUsage,
              archive.path().string() + " has a record of its own, which counts; leave --describe out");
}

ModelSpec read_record_file(const std::filesystem::path& path) {
  ModelSpec spec = parse_record(read_text(path), path.string());
  spec.described = true;
  return spec;
}

void replace_record(const std::filesystem::path& path, const ModelSpec& spec) {
  const core::StoredZip archive = core::StoredZip::open(path);
  const core::ZipEntry* const entry = archive.find(kRecordEntry);
  std::string text = record_text(spec);
  if (entry == nullptr || text.size() > entry->size) {
    throw Error(ErrorCode::kInternal,
                path.string() + ": its record has no room for " + std::to_string(text.size()) + " bytes");
  }
  text.resize(entry->size, ' ');
  core::overwrite_stored_entry(path, kRecordEntry, text);
}

}  // namespace da3::weights
