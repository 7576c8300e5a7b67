// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <concepts>
#include <limits>

#include <da3/error.hpp>

#include <bench/report/json_fields.hpp>
#include <bench/report/report_json.hpp>
#include <core/json_reading.hpp>

namespace da3::bench {
namespace {

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

template <typename Number>
std::optional<Number> number_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  if constexpr (std::integral<Number>) {
    return core::whole_number<Number>(*found);
  } else {
    return found->get<Number>();
  }
}

// The member, or an empty object.
const Json& object_at(const Json& object, const char* key) {
  static const auto* const empty = new Json(Json::object());
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : *empty;
}

std::vector<std::string> texts_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? found->get<std::vector<std::string>>()
                                                    : std::vector<std::string>();
}

Environment to_environment(const Json& object) {
  Environment environment;
  environment.date_utc = text_at(object, "date");
  environment.command_line = texts_at(object, "command_line");
  environment.os = text_at(object, "os");
  environment.kernel = text_at(object, "kernel");
  const Json& cpu = object_at(object, "cpu");
  environment.cpu_model = text_at(cpu, "model");
  environment.cpu_features = texts_at(cpu, "features");
  environment.logical_cores = number_at<int>(cpu, "logical_cores").value_or(0);
  environment.physical_cores = number_at<int>(cpu, "physical_cores");
  environment.allowed_cores = number_at<int>(cpu, "allowed_cores");
  environment.cpu_governor = text_at(cpu, "governor");
  const Json& cgroup = object_at(object, "cgroup");
  environment.cgroup_cpu_limit = number_at<double>(cgroup, "cpu_limit");
  environment.cgroup_memory_limit_bytes = number_at<std::uint64_t>(cgroup, "memory_limit_bytes");
  environment.memory_bytes = number_at<std::uint64_t>(object, "memory_bytes").value_or(0);
  environment.power_source = text_at(object, "power_source");
  environment.threads = number_at<int>(object, "threads").value_or(0);
  const Json& libraries = object_at(object, "libraries");
  environment.libraries = {text_at(libraries, "libtorch"), text_at(libraries, "opencv"),
                           text_at(libraries, "blas"), text_at(libraries, "onednn")};
  for (const Json& device : object.value("devices", Json::array())) {
    environment.devices.push_back({text_at(device, "id"), text_at(device, "name"), text_at(device, "driver"),
                                   number_at<std::uint64_t>(device, "memory_bytes")});
  }
  environment.peak_rss_bytes = number_at<std::uint64_t>(object, "peak_rss_bytes");
  return environment;
}

Distribution to_distribution(const Json& object) {
  Distribution distribution;
  std::vector<double> samples;
  for (const Json& sample : object.at("samples")) {
    samples.push_back(sample.is_number() ? sample.get<double>() : std::numeric_limits<double>::quiet_NaN());
  }
  // Reports of other programs may not say how their samples fall into rounds: each is a separate round.
  std::vector<std::size_t> lengths(samples.size(), 1);
  if (object.contains("rounds")) {
    lengths.clear();
    for (const Json& length : object.at("rounds")) {
      const auto samples_of_round = core::whole_number<std::size_t>(length);
      if (!samples_of_round)
        throw Error(ErrorCode::kUsage, "a round of " + length.dump() + " samples is none");
      lengths.push_back(*samples_of_round);
    }
  }
  auto next = samples.begin();
  for (const std::size_t length : lengths) {
    const auto left = static_cast<std::size_t>(samples.end() - next);
    const auto end = next + static_cast<std::ptrdiff_t>(std::min(length, left));
    distribution.rounds.emplace_back(next, end);
    next = end;
  }
  distribution.first = number_at<double>(object, "first");
  return distribution;
}

CaseStatus to_status(const std::string& text) {
  for (const CaseStatus status : {CaseStatus::kDone, CaseStatus::kSkipped, CaseStatus::kFailed}) {
    if (to_string(status) == text) return status;
  }
  throw Error(ErrorCode::kUsage, "status '" + text + "' is none of done, skipped, failed");
}

CaseResult to_case(const Json& object) {
  CaseResult result;
  result.suite = parse_suite(text_at(object, "suite"));
  result.status = to_status(text_at(object, "status"));
  result.reason = text_at(object, "reason");
  result.settings = to_fields(object_at(object, "settings"));
  result.facts = to_fields(object_at(object, "facts"));
  const Json& missing = object_at(object, "missing");
  for (const auto& [name, value] : object_at(object, "metrics").items()) {
    if (value.is_object()) {
      result.set(name, to_distribution(value));
    } else if (const auto whole = core::whole_number<std::int64_t>(value);
               whole && value.is_number_integer()) {
      result.set(name, *whole);
    } else if (value.is_number()) {
      result.set(name, value.get<double>());
    } else {
      result.set(name, Missing{text_at(missing, name.c_str())});
    }
  }
  for (const auto& [name, value] : object_at(object, "calibration").items()) {
    if (value.is_number()) result.calibration[name] = value.get<double>();
  }
  return result;
}

Report to_report(const Json& object) {
  Report report;
  const Json& tool = object_at(object, "tool");
  report.tool = {text_at(tool, "name"), text_at(tool, "version"), text_at(tool, "commit"),
                 text_at(tool, "build_type"), text_at(tool, "compiler")};
  report.environment = to_environment(object_at(object, "environment"));
  for (const auto& [name, value] : object_at(object, "calibration").items()) {
    if (value.is_number()) report.calibration[name] = value.get<double>();
  }
  const Json& plan = object_at(object, "plan");
  report.plan.options = to_fields(plan);
  for (const Json& each : plan.value("left_out", Json::array())) {
    report.plan.left_out.push_back({parse_suite(text_at(each, "suite")),
                                    to_fields(object_at(each, "settings")), text_at(each, "reason")});
  }
  for (const Json& each : object.value("warnings", Json::array())) {
    report.warnings.push_back(
        {text_at(each, "code"), text_at(each, "subject"), text_at(each, "message"), text_at(each, "advice")});
  }
  for (const Json& each : object.at("cases")) report.cases.push_back(to_case(each));
  return report;
}

Json parse(std::string_view text) {
  if (core::is_too_deep(text)) throw Error(ErrorCode::kUsage, "its brackets are deeper than any report's");
  return Json::parse(text);
}

}  // namespace

Report parse_report(std::string_view text, const std::string& name) {
  try {
    const Json object = parse(text);
    const std::optional<int> schema = object.is_object() ? number_at<int>(object, "schema") : std::nullopt;
    if (schema != 1) {
      throw Error(ErrorCode::kUsage,
                  schema ? "it has schema " + std::to_string(*schema) + ", this da3 reads schema 1"
                         : std::string("it has no \"schema\""));
    }
    return to_report(object);
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kUsage,
                name + " is not a benchmark report: " + error.what() + "; make one with da3 bench");
  } catch (const Error& error) {
    throw Error(ErrorCode::kUsage,
                name + " is not a benchmark report: " + error.what() + "; make one with da3 bench");
  }
}

}  // namespace da3::bench
