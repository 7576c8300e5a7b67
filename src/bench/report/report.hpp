// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <bench/environment/environment.hpp>
#include <bench/plan/fields.hpp>
#include <bench/statistics/statistics.hpp>
#include <bench/suite_table.hpp>

// What a benchmark found, as values. Writing it down: report_json, report_text; judging it: warnings,
// compare.
namespace da3::bench {

/// A metric that was sampled.
struct Distribution {
  Rounds rounds;
  std::optional<double> first;  ///< The very first run, not part of the rounds
  Summary summary() const { return summarize(rounds); }
};

/// A metric that has no value, and why.
struct Missing {
  std::string reason;
};

using MetricValue = std::variant<Missing, double, std::int64_t, Distribution>;

struct Metric {
  std::string name;  ///< With its unit: "forward_ms", "peak_device_bytes"
  MetricValue value;
};

enum class CaseStatus { kDone, kSkipped, kFailed };

std::string_view to_string(CaseStatus status);

struct CaseResult {
  SuiteName suite = SuiteName::kThroughput;
  CaseStatus status = CaseStatus::kDone;
  std::string reason;  ///< Of a case that is not done
  Fields settings;     ///< What was asked for: cases are matched by these
  Fields facts;  ///< What was found: parameters, tokens, the back end that really ran, the model's identity
  std::vector<Metric> metrics;
  std::map<std::string, double> calibration;  ///< Median next to this case's rounds, such as "fp32_gflops"

  /// None: null.
  const Metric* find(std::string_view metric) const;
  const Distribution* distribution(std::string_view metric) const;
  /// The number called `metric`, or the median of a distribution. Null where there is none.
  std::optional<double> number(std::string_view metric) const;
  /// Adds or replaces.
  void set(std::string_view metric, MetricValue value);
};

/// Something that makes figures doubtful, and what to do about it.
struct Warning {
  std::string code;     ///< Such as "noise"
  std::string subject;  ///< The case or the machine
  std::string message;
  std::string advice;
};

/// A case of the plan that was not run.
struct LeftOut {
  SuiteName suite = SuiteName::kThroughput;
  Fields settings;
  std::string reason;
};

/// The part of the plan that a report repeats.
struct PlanEcho {
  Fields options;  ///< Lists as text: "models" "da3-small,da3-base"
  std::vector<LeftOut> left_out;
};

struct Report {
  ToolInfo tool;
  Environment environment;
  std::map<std::string, double>
      calibration;  ///< Median over the whole run: "fp32_gflops", "cuda:0.fp16_gflops"
  PlanEcho plan;
  std::vector<Warning> warnings;
  std::vector<CaseResult> cases;
};

/// Option of a plan: true where two programs were measured alternately.
inline constexpr const char* kInTurns = "in_turns";

/// Seconds between two dates as reports have them; none if one is none.
std::optional<std::int64_t> seconds_apart(const std::string& date, const std::string& other);

/// The report with the last part alone of every absolute path in its texts: reports are given to others,
/// folders of a machine are nobody's business.
Report without_folders(Report report);

}  // namespace da3::bench
