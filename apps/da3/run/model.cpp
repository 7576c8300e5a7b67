// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include <nlohmann/json.hpp>

#include <da3/error.hpp>

#include <engine/engine.hpp>
#include <run/commands.hpp>
#include <run/console.hpp>
#include <run/log.hpp>
#include <run/model_choice.hpp>
#include <run/text.hpp>
#include <weights/record.hpp>

namespace da3::run {
namespace {

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw Error(ErrorCode::kOutputFailed, "standard output could not be written; is the disk full?");
  }
}

std::string field(const std::string& name, const std::string& value) {
  return value.empty() ? "" : name + std::string(name.size() < 13 ? 13 - name.size() : 1, ' ') + value + "\n";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string depth_text(const ModelSpec& spec) {
  std::string text(to_string(spec.depth_kind));
  if (spec.depth_unit) text += ", in " + *spec.depth_unit;
  return text + (spec.larger_is_farther ? ", larger is farther" : ", larger is nearer");
}

std::string input_text(const ModelSpec& spec) {
  if (spec.fixed_size) {
    return std::to_string((*spec.fixed_size)[1]) + "x" + std::to_string((*spec.fixed_size)[0]) + " only";
  }
  return "longest side " + std::to_string(spec.process_res) + " (" +
         std::string(to_string(spec.resize_method)) + "), multiples of " + std::to_string(spec.patch);
}

std::string spec_text(const ModelSpec& spec) {
  std::vector<std::string> attention;
  for (const Attention mode : spec.attention) attention.emplace_back(to_string(mode));
  std::string weights(to_string(spec.origin));
  if (spec.seed) weights += ", seed " + std::to_string(*spec.seed);
  if (!spec.source.empty()) weights += ", from " + spec.source;
  return field("name", spec.name) +
         field("network", spec.network_id.empty() ? "its own code" : spec.network_id) +
         field("parameters", with_commas(static_cast<std::uint64_t>(spec.parameters))) +
         field("depth", depth_text(spec)) + field("outputs", joined(spec.outputs)) +
         field("input", input_text(spec)) +
         field("attention", attention.empty() ? "fixed" : joined(attention)) + field("weights", weights) +
         field("sha256", spec.sha256) + field("licence", spec.licence_spdx) +
         field("attribution", spec.licence_attribution) + field("written by", "da3 " + spec.da3_version);
}

nlohmann::json spec_json(const ModelSpec& spec, const std::filesystem::path& file) {
  std::error_code ignored;
  return {{"schema", 1},
          {"file", file.string()},
          {"bytes", std::filesystem::file_size(file, ignored)},
          {"record", nlohmann::json::parse(weights::record_text(spec))}};
}

std::string json_text(const nlohmann::json& object) {
  return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

engine::ExportSource export_source(const cli::ModelExport& options) {
  engine::ExportSource source;
  std::error_code ignored;
  if (std::filesystem::is_directory(options.source, ignored)) {
    source.folder = options.source;
    source.name = options.name;
    source.origin_text = options.source;
  } else if (options.seed) {
    source.name = options.source;
  } else {
    throw Error(ErrorCode::kModelNotFound, options.source +
                                               ": expected a folder with config.json and model.safetensors, "
                                               "found none; for a published name use "
                                               "'da3 model pull " +
                                               options.source +
                                               "', or add --synthetic SEED for weights by recipe");
  }
  source.seed = options.seed;
  return source;
}

}  // namespace

int model_info(const cli::ModelInfo& options) {
  const std::filesystem::path file = choose_model(options.model).file;
  const ModelSpec spec = engine::read_spec(file);
  std::error_code ignored;
  print(options.json ? json_text(spec_json(spec, file))
                     : field("file", file.string() + " (" +
                                         bytes_text(std::filesystem::file_size(file, ignored)) + ")") +
                           spec_text(spec));
  return 0;
}

int model_export(const cli::ModelExport& options) {
  Console console;
  const auto log = make_logger(options.verbosity, console);
  const engine::ExportReport report = engine::export_model(export_source(options), options.output);
  for (const std::string& warning : report.warnings) log->warn("{}", warning);
  print(options.json ? json_text(spec_json(report.spec, options.output))
                     : field("file", options.output + " (" + bytes_text(report.file_bytes) + ")") +
                           spec_text(report.spec));
  return 0;
}

int model_verify(const cli::ModelVerify& options) {
  const std::filesystem::path file = choose_model(options.model).file;
  engine::LoadOptions load;
  load.device = choose_device(options.device);
  load.precision = options.precision;
  load.attention = options.attention;
  load.threads = options.threads;
  load.describe = read_description(file, options.describe).describe;
  const engine::VerifyReport report = engine::verify_model(file, load);
  const bool has_selftest = report.spec.selftest.has_value();
  if (options.json) {
    nlohmann::json object = spec_json(report.spec, file);
    object["device"] = to_string(load.device);
    object["hash_matches"] = report.hash_matches;
    object["selftest"] = {
        {"present", has_selftest},
        {"passed", report.selftest_passed},
        {"worst_error", has_selftest ? nlohmann::json(report.selftest_worst_error) : nlohmann::json(nullptr)},
        {"tolerance", has_selftest ? nlohmann::json(report.tolerance) : nlohmann::json(nullptr)}};
    print(json_text(object));
  } else {
    char errors[96];
    std::snprintf(errors, sizeof errors, "worst relative error %.2g, tolerance %.2g",
                  report.selftest_worst_error, report.tolerance);
    print(field("file", file.string()) + field("name", report.spec.name) +
          field("hash", report.hash_matches ? "matches" : "does not match") +
          field("device", to_string(load.device)) +
          field("self-test", !has_selftest
                                 ? "none in the file"
                                 : std::string(report.selftest_passed ? "passed, " : "failed, ") + errors));
  }
  if (!report.hash_matches) {
    throw Error(ErrorCode::kModelDamaged,
                file.string() + ": its weights do not have the hash of its record; export or pull it again");
  }
  if (has_selftest && !report.selftest_passed) {
    throw Error(ErrorCode::kModelSelftest, file.string() + ": its self-test fails on " +
                                               to_string(load.device) +
                                               "; try --device cpu or --precision fp32, and report it");
  }
  return 0;
}

}  // namespace da3::run
