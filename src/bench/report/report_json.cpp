// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <bench/report/json_fields.hpp>
#include <bench/report/report_json.hpp>

namespace da3::bench {
namespace {

Json to_json(const ToolInfo& tool) {
  return {{"name", tool.name},
          {"version", tool.version},
          {"commit", tool.commit},
          {"build_type", tool.build_type},
          {"compiler", tool.compiler}};
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json to_json(const ReportedDevice& device) {
  return {{"id", device.id},
          {"name", text_or_null(device.name)},
          {"driver", text_or_null(device.driver)},
          {"memory_bytes", value_or_null(device.memory_bytes)}};
}

Json to_json(const Environment& environment) {
  Json devices = Json::array();
  for (const ReportedDevice& device : environment.devices) devices.push_back(to_json(device));
  const LibraryVersions& libraries = environment.libraries;
  return {{"date", environment.date_utc},
          {"command_line", environment.command_line},
          {"os", text_or_null(environment.os)},
          {"kernel", text_or_null(environment.kernel)},
          {"cpu",
           {{"model", text_or_null(environment.cpu_model)},
            {"features", environment.cpu_features},
            {"logical_cores", environment.logical_cores},
            {"physical_cores", value_or_null(environment.physical_cores)},
            {"allowed_cores", value_or_null(environment.allowed_cores)},
            {"governor", text_or_null(environment.cpu_governor)}}},
          {"cgroup",
           {{"cpu_limit", value_or_null(environment.cgroup_cpu_limit)},
            {"memory_limit_bytes", value_or_null(environment.cgroup_memory_limit_bytes)}}},
          {"memory_bytes", environment.memory_bytes},
          {"power_source", text_or_null(environment.power_source)},
          {"threads", environment.threads},
          {"libraries",
           {{"libtorch", text_or_null(libraries.libtorch)},
            {"opencv", text_or_null(libraries.opencv)},
            {"blas", text_or_null(libraries.blas)},
            {"onednn", text_or_null(libraries.onednn)}}},
          {"devices", devices},
          {"peak_rss_bytes", value_or_null(environment.peak_rss_bytes)}};
}

Json optional_number(const std::optional<double>& value) {
  return value ? number_or_null(*value) : Json(nullptr);
}

Json to_json(const Distribution& distribution) {
  const Summary summary = distribution.summary();
  Json samples = Json::array();
  Json lengths = Json::array();
  for (const std::vector<double>& round : distribution.rounds) {
    for (const double value : round) samples.push_back(number_or_null(value));
    lengths.push_back(round.size());
  }
  return {{"n", summary.n},
          {"median", optional_number(summary.median)},
          {"p90", optional_number(summary.p90)},
          {"p99", optional_number(summary.p99)},
          {"mean", optional_number(summary.mean)},
          {"stdev", optional_number(summary.stdev)},
          {"iqr", optional_number(summary.iqr)},
          {"min", optional_number(summary.min)},
          {"max", optional_number(summary.max)},
          {"ci95", summary.ci95 ? Json{summary.ci95->low, summary.ci95->high} : Json(nullptr)},
          {"samples", samples},
          {"rounds", lengths},
          {"first", optional_number(distribution.first)}};
}

Json to_json(const CaseResult& result) {
  Json metrics = Json::object();
  Json missing = Json::object();
  for (const Metric& metric : result.metrics) {
    if (const auto* absent = std::get_if<Missing>(&metric.value)) {
      metrics[metric.name] = nullptr;
      missing[metric.name] = absent->reason;
    } else if (const auto* real = std::get_if<double>(&metric.value)) {
      metrics[metric.name] = number_or_null(*real);
      if (!std::isfinite(*real)) missing[metric.name] = "the value is not finite";
    } else if (const auto* whole = std::get_if<std::int64_t>(&metric.value)) {
      metrics[metric.name] = *whole;
    } else {
      metrics[metric.name] = to_json(std::get<Distribution>(metric.value));
    }
  }
  Json calibration = Json::object();
  for (const auto& [name, value] : result.calibration) calibration[name] = number_or_null(value);
  return {{"suite", to_string(result.suite)},
          {"status", to_string(result.status)},
          {"reason", text_or_null(result.reason)},
          {"settings", to_json(result.settings)},
          {"facts", to_json(result.facts)},
          {"metrics", metrics},
          {"missing", missing},
          {"calibration", calibration}};
}

Json to_json(const PlanEcho& plan) {
  Json left_out = Json::array();
  for (const LeftOut& each : plan.left_out) {
    left_out.push_back(
        {{"suite", to_string(each.suite)}, {"settings", to_json(each.settings)}, {"reason", each.reason}});
  }
  Json object = to_json(plan.options);
  object["left_out"] = left_out;
  return object;
}

Json to_json(const Warning& warning) {
  return {{"code", warning.code},
          {"subject", warning.subject},
          {"message", warning.message},
          {"advice", warning.advice}};
}

}  // namespace

std::string to_json_text(const Report& report) {
  Json calibration = Json::object();
  for (const auto& [name, value] : report.calibration) calibration[name] = number_or_null(value);
  Json warnings = Json::array();
  for (const Warning& warning : report.warnings) warnings.push_back(to_json(warning));
  Json cases = Json::array();
  for (const CaseResult& result : report.cases) cases.push_back(to_json(result));
  const Json object{{"schema", 1},
                    {"tool", to_json(report.tool)},
                    {"environment", to_json(report.environment)},
                    {"calibration", calibration},
                    {"plan", to_json(report.plan)},
                    {"warnings", warnings},
                    {"cases", cases}};
  // A command line may hold bytes that are not UTF-8.
  return object.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace da3::bench
