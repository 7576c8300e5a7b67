// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <commands/commands.hpp>
#include <commands/console.hpp>
#include <commands/model_choice.hpp>
#include <commands/text.hpp>
#ifdef DA3_WITH_HUB
#include <codec/picture_format.hpp>
#include <commands/video_library.hpp>
#endif
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <da3/error.hpp>

#include <bench/against/child_process.hpp>
#include <bench/environment/environment.hpp>
#include <cli/program_location.hpp>
#include <core/atomic_file.hpp>
#include <core/build_info.hpp>
#include <core/host/host_memory.hpp>
#include <core/json_reading.hpp>
#include <engine/device/system_info.hpp>
#include <engine/engine.hpp>
#ifdef DA3_WITH_HUB
#include <hub/model_store.hpp>
#include <run/run.hpp>
#endif

namespace da3::commands {
namespace {

using Json = nlohmann::ordered_json;

template <typename Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

/// By making one: of a file system such as /proc the rights say nothing.
bool takes_files(const std::filesystem::path& folder) {
  try {
    const core::AtomicFile trial(folder / "trial");
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Whether files can be made in a folder, or in the nearest parent that exists. No folder: none is known.
Json folder_access(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::path existing = folder.empty() ? folder : std::filesystem::absolute(folder, ignored);
  while (!existing.empty() && !std::filesystem::exists(existing, ignored) &&
         existing != existing.root_path()) {
    existing = existing.parent_path();
  }
  std::error_code unknown;
  const std::filesystem::space_info space = std::filesystem::space(existing, unknown);
  return {{"path", folder.string()},
          {"exists", std::filesystem::exists(folder, ignored)},
          {"writable", !existing.empty() && takes_files(existing)},
          {"free_bytes", unknown ? Json(nullptr) : Json(space.available)}};
}

#ifdef DA3_WITH_HUB
/// What reads and writes videos: FFmpeg is in a separate runner, which need not be there.
std::string video_support() {
  constexpr const char* kStill = "; da3 video - reads yuv4mpeg, and writes files of frames";
  if (video_library() != nullptr) return video_library()->version;
  const std::filesystem::path runner = cli::prefix_of_program(2) / "libexec" / "da3" / "da3-run-video";
  std::error_code failed;
  if (!std::filesystem::exists(runner, failed)) {
    return "no FFmpeg: " + runner.string() +
           " is not there (built with DA3_VIDEO=OFF or without its libraries)" + kStill;
  }
  try {
    return bench::ChildProcess({runner.string(), std::string(kAskFfmpeg)}).read_line();
  } catch (const Error&) {
    return "no FFmpeg: " + runner.string() +
           " cannot be started here (its libraries are missing or of another version)" + kStill;
  }
}
#endif

Json versions(const engine::SystemInfo& system) {
  const core::BuildInfo build = core::build_info();
  Json versions = {
      {"da3", build.version},
      {"commit", build.commit},
      {"build_type", build.build_type},
      {"compiler", build.compiler},
      {"libtorch", system.libtorch_version},
      {"blas", system.blas},
      {"mkl", text_or_null(system.mkl_version)},
      {"onednn", text_or_null(system.onednn_version)},
      {"openmp", text_or_null(system.openmp)},
      {"cuda", text_or_null(system.cuda_version)},
#ifdef DA3_OPENCV_VERSION
      {"opencv", DA3_OPENCV_VERSION},
#endif
#ifdef DA3_WITH_HUB
#endif
  };
#ifdef DA3_WITH_HUB
  for (const codec::PictureCodec* codec : codec::kPictureCodecs) {
    if (codec->library.empty()) continue;
    const std::string library(codec->library);
    versions[std::string(codec->extensions.front())] = codec->is_read()
                                                           ? "read by " + library + " " + codec->version()
                                                           : "not read: built without " + library;
  }
  versions["video"] = video_support();
#endif
  return versions;
}

Json machine(const bench::Environment& environment, const engine::SystemInfo& system) {
  const core::MemoryState memory = core::host_memory();
  return {{"os", environment.os},
          {"kernel", environment.kernel},
          {"cpu", system.cpu_model.empty() ? environment.cpu_model : system.cpu_model},
          {"cpu_features", system.cpu_features},
          {"cpu_capability", system.cpu_capability},
          {"logical_cores", environment.logical_cores},
          {"physical_cores", or_null(environment.physical_cores)},
          {"cgroup_cpu_limit", or_null(environment.cgroup_cpu_limit)},
          {"cgroup_memory_limit_bytes", or_null(environment.cgroup_memory_limit_bytes)},
          {"memory_bytes", memory.total_bytes},
          {"free_memory_bytes", memory.free_bytes}};
}

Json devices(const engine::SystemInfo& system) {
  Json list = Json::array();
  for (const engine::DeviceInfo& device : system.devices) {
    list.push_back({{"id", to_string(device.id)},
                    {"name", text_or_null(device.name)},
                    {"memory_bytes", device.memory ? Json(device.memory->total_bytes) : Json(nullptr)},
                    {"free_memory_bytes", device.memory ? Json(device.memory->free_bytes) : Json(nullptr)}});
  }
  return list;
}

Json absent_devices(const engine::SystemInfo& system) {
  Json list = Json::array();
  for (const engine::AbsentDevice& device : system.absent) {
    list.push_back({{"id", to_string(device.id)}, {"reason", device.reason}});
  }
  return list;
}

Json threads(const engine::SystemInfo& system) {
  Json result = {{"usable_cores", core::usable_cores()}};
#ifdef DA3_WITH_HUB
  const run::ThreadPlan plan = run::plan_threads(system.devices.front().id.kind, core::usable_cores());
  result["forward"] = plan.inference;
  result["decode_and_write"] = plan.host;
#else
  result["forward"] = system.threads;
#endif
  // As LibTorch found it when it was loaded.
  std::string waiting;
  for (const char* variable : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"}) {
    if (const char* value = std::getenv(variable)) {
      waiting.append(waiting.empty() ? "" : " ").append(variable).append("=").append(value);
    }
  }
  result["waiting"] = text_or_null(waiting);
  return result;
}

Json operators(const engine::SystemInfo& system) {
  Json list = Json::array();
  for (const engine::OperatorChoice& each : system.operators) {
    list.push_back({{"purpose", each.purpose}, {"choice", each.choice}, {"reason", each.reason}});
  }
  return list;
}

Json models(std::vector<std::string>& advice) {
  Json result = Json::object();
#ifdef DA3_WITH_HUB
  const auto folder = hub::Folders::from_environment().models();
  result["folder"] = folder_access(folder);
  result["installed"] = Json::array();
  for (const hub::InstalledModel& model : hub::installed_models(folder)) {
    result["installed"].push_back(model.name);
    if (model.problem) advice.push_back(model.name + ": " + *model.problem);
  }
#endif
  try {
    const ChosenModel chosen = choose_model("");
    result["default"] = chosen.file.string();
#ifdef DA3_WITH_HUB
    if (chosen.is_starter)
      advice.emplace_back("no Depth Anything 3 model is installed: da3 model pull da3-base");
#endif
  } catch (const Error& error) {
    result["default"] = nullptr;
    advice.emplace_back(error.what());
  }
  return result;
}

Json examine(const cli::Doctor& options) {
  const engine::SystemInfo system = engine::system_info();
  const bench::Environment environment = bench::capture_environment({});
  std::vector<std::string> advice;
  Json report = {{"schema", 1},
                 {"versions", versions(system)},
                 {"machine", machine(environment, system)},
                 {"devices", devices(system)},
                 {"absent_devices", absent_devices(system)},
                 {"threads", threads(system)},
                 {"operators", operators(system)},
                 {"models", models(advice)},
                 {"output", folder_access(options.output)}};
#ifdef DA3_WITH_HUB
  report["cache"] = folder_access(hub::Folders::from_environment().cache);
  if (!report["models"]["folder"]["writable"].get<bool>()) {
    advice.emplace_back("the model folder cannot be written; give another with DA3_HOME");
  }
#endif
  if (!report["output"]["writable"].get<bool>()) {
    advice.push_back("results cannot be written to " + options.output + "; give another folder with -o");
  }
  if (core::build_info().build_type == "Debug")
    advice.emplace_back("this is a debug build: many times slower");
  report["advice"] = advice;
  return report;
}

std::string value_text(const std::string& key, const Json& value) {
  if (value.is_null()) return "unknown";
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  const auto bytes = core::whole_number<std::uint64_t>(value);
  if (bytes && key.ends_with("_bytes")) return bytes_text(*bytes);
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const Json& each : value) text.append(text.empty() ? "" : " ").append(value_text("", each));
  return text.empty() ? "none" : text;
}

std::string label(std::string key) {
  if (key.ends_with("_bytes")) key.resize(key.size() - 6);
  for (char& c : key) c = c == '_' ? ' ' : c;
  return key;
}

// Objects as indented blocks, rows of a list on one line each.
void append(std::string& text, const Json& value, const std::string& indent) {
  for (const auto& [key, each] : value.items()) {
    const bool rows = each.is_array() && !each.empty() && each.front().is_object();
    if (rows) {
      text += indent + label(key) + "\n";
      for (const Json& row : each) {
        std::string line;
        for (const auto& [name, cell] : row.items()) {
          if (cell.is_null()) continue;
          line += (line.empty() ? "" : ", ") +
                  (name.ends_with("_bytes") ? label(name) + " " : std::string()) + value_text(name, cell);
        }
        text += indent + "  " + line + "\n";
      }
    } else if (each.is_object()) {
      text += indent + label(key) + "\n";
      append(text, each, indent + "  ");
    } else if (!each.is_null()) {
      std::string name = label(key);
      name.resize(std::max<std::size_t>(name.size() + 1, 24 - indent.size()), ' ');
      text += indent + name + value_text(key, each) + "\n";
    }
  }
}

std::string as_text(Json report) {
  report.erase("schema");
  const Json advice = report["advice"];
  report.erase("advice");
  std::string text;
  append(text, report, "");
  for (const Json& each : advice) text += "! " + each.get<std::string>() + "\n";
  return text;
}

}  // namespace

int doctor(const cli::Doctor& options) {
  const Json report = examine(options);
  const std::string text =
      options.json ? report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n" : as_text(report);
  put_on_stdout(text);
  return 0;
}

}  // namespace da3::commands
