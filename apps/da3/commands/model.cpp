// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include <commands/commands.hpp>
#include <commands/console.hpp>
#include <commands/log.hpp>
#include <commands/model_choice.hpp>
#include <commands/model_facts.hpp>
#include <commands/text.hpp>
#include <nlohmann/json.hpp>

#include <da3/error.hpp>

#include <engine/engine.hpp>
#include <weights/record.hpp>

namespace da3::commands {
namespace {

nlohmann::json spec_json(const ModelSpec& spec, const std::filesystem::path& file) {
  std::error_code ignored;
  return {{"schema", 1},
          {"file", file.string()},
          {"bytes", std::filesystem::file_size(file, ignored)},
          {"record", nlohmann::json::parse(weights::record_text(spec))}};
}

std::string folder_name(const std::filesystem::path& folder) {
  std::error_code ignored;
  const std::filesystem::path whole = std::filesystem::absolute(folder, ignored).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

engine::ExportSource export_source(const cli::ModelExport& options) {
  engine::ExportSource source;
  std::error_code ignored;
  if (std::filesystem::is_directory(options.source, ignored)) {
    source.folder = options.source;
    source.name = options.name;
    // The file may be passed on: it says the folder's name, not where it is on this machine.
    source.origin_text = folder_name(options.source);
  } else if (options.seed) {
    if (!options.name.empty()) {
      throw Error(ErrorCode::kUsage, "--name " + options.name + ": the published name " + options.source +
                                         " is kept; only a model in a folder can have another one");
    }
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
  source.depth_kind = options.depth_kind;
  source.depth_only = options.depth_only;
  return source;
}

std::string selftest_text(const engine::VerifyReport& report) {
  if (!report.spec.selftest) return "none in the file";
  if (!report.hash_matches) return "not run: these are other weights";
  char text[96];
  std::snprintf(text, sizeof text, "%s, worst relative error %.2g, tolerance %.2g",
                report.selftest_passed ? "passed" : "failed", report.selftest_worst_error, report.tolerance);
  return text;
}

}  // namespace

int model_info(const cli::ModelInfo& options) {
  const std::filesystem::path file = choose_model(options.model).file;
  const ModelSpec spec = engine::read_spec(file);
  const ModelFacts facts = model_facts(spec);
  if (options.json) {
    nlohmann::json object = spec_json(spec, file);
    object["facts"] = facts_json(facts);
    put_on_stdout(json_text(object));
    return 0;
  }
  std::error_code ignored;
  put_on_stdout(
      field("file", file.string() + " (" + bytes_text(std::filesystem::file_size(file, ignored)) + ")") +
      spec_text(spec) + facts_text(facts));
  return 0;
}

int model_export(const cli::ModelExport& options) {
  Console console;
  const auto log = make_logger(options.verbosity, console);
  check_model_output(options.output);
  const engine::ExportReport report = engine::export_model(export_source(options), options.output);
  for (const std::string& warning : report.warnings) log->warn("{}", warning);
  put_on_stdout(options.json ? json_text(spec_json(report.spec, options.output))
                             : field("file", options.output + " (" + bytes_text(report.file_bytes) + ")") +
                                   spec_text(report.spec));
  return 0;
}

int model_verify(const cli::ModelVerify& options) {
  const ChosenModel chosen = choose_model(options.model);
  const std::filesystem::path& file = chosen.file;
  engine::LoadOptions load;
  load.device = choose_device(options.device);
  load.precision = options.precision;
  load.attention = options.attention;
  load.threads = options.threads;
  const DescribedModel described = read_description(file, options.describe);
  load.describe = described.describe;
  allow_code(load, described, options.trust_code);
  if (const std::string notice = check_code(chosen, described, options.trust_code); !notice.empty()) {
    std::fprintf(stderr, "da3: %s\n", notice.c_str());
  }
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
    put_on_stdout(json_text(object));
  } else {
    put_on_stdout(field("file", file.string()) + field("name", report.spec.name) +
                  field("hash", report.hash_matches ? "matches" : "does not match") +
                  field("device", to_string(load.device)) + field("self-test", selftest_text(report)));
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

}  // namespace da3::commands
