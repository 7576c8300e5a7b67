// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <bench/report/report.hpp>

namespace da3::bench {

/// A limit of `--fail-on`: the statistic may not rise (or with '<' fall) by more than a share.
struct FailLimit {
  std::string metric;     ///< "forward_ms"; "_ms" may be left out
  std::string statistic;  ///< median, mean, min, max, p90 or p99; empty for a metric that is one number
  bool on_rise = true;
  double share = 0;  ///< 0.05 for 5 %
};

/// The limit in "METRIC.STAT>P%", such as "forward_ms.median>5%" ("p50" is the median). A list is separated
/// by commas. Throws: Error kUsage that shows the form.
std::vector<FailLimit> parse_fail_limits(std::string_view text);

/// As parse_fail_limits takes it.
std::string to_text(const FailLimit& limit);

/// Throw Error kUsage about a limit: for `why`; because `metric` was sampled, or is one number.
[[noreturn]] void refuse_limit(const FailLimit& limit, const std::string& why);
[[noreturn]] void refuse_without_statistic(const FailLimit& limit, std::string_view metric);
[[noreturn]] void refuse_statistic(const FailLimit& limit, std::string_view metric);

enum class Verdict {
  kNoDifference,   ///< The interval holds 1
  kFaster,         ///< Less time, or more per second
  kSlower,         ///< More time, or less per second
  kWithinDrift,    ///< Not measured alternately, and less than 20 % apart: the machine may be the reason
  kNotShown,       ///< A single value on a side: nothing to judge by
  kNotComparable,  ///< Different machines, and not a metric that carries over
};

/// "faster", "slower"; of a metric of bytes "less", "more".
std::string verdict_text(Verdict verdict, std::string_view metric);

/// One metric of one pair of cases.
struct ComparedMetric {
  std::string name;
  std::string statistic;  ///< Empty for a metric that is one number
  std::optional<double> base;
  std::optional<double> now;
  std::optional<Ratio>
      ratio;  ///< now / base; between machines of time x calibration, so 1 is equal efficiency
  Verdict verdict = Verdict::kNotShown;
  std::optional<double> p_value;  ///< Of the limit that names it, Holm-adjusted over the cases
  bool failed = false;
  std::string note;
};

struct ComparedCase {
  SuiteName suite = SuiteName::kThroughput;
  Fields settings;
  std::vector<ComparedMetric> metrics;
};

struct Comparison {
  bool same_machine = true;
  bool in_turns = false;  ///< Both sides were measured in one run, round by round
  std::string base_date;  ///< ISO 8601; empty: not known
  std::string now_date;
  std::vector<ComparedCase> cases;
  std::vector<std::string> only_in_base;
  std::vector<std::string> only_in_new;
  std::vector<std::string> failed_in_new;  ///< Done in the base, failed or skipped; with the reason
  std::vector<std::string> differing;      ///< Of one name and not the same: another model or precision
  std::vector<std::string> not_judged;     ///< By a limit that other cases were judged by; with the reason
  std::vector<std::string> failures;       ///< One line each; empty: passed, or no limit was given
  bool failed() const { return !failures.empty(); }
  /// What whoever waits for the verdict has to know, a line each.
  std::vector<std::string> messages() const;
};

/// Matches done cases by all settings and compares their metrics. Between different machines threads and the
/// index of the device are left out of the match, and only forward_ms is judged, by efficiency. A case fails
/// when the whole 95 % interval of its ratio lies beyond a limit and its t test, Holm-adjusted over the cases
/// of that limit, is below 0.025; a metric that is one number (bytes) when it lies beyond, by a share of the
/// base's size; and where the new report lacks the metric, the case failed or was skipped in it, or is
/// missing there though both had one plan. Reports that were not measured alternately show no difference of
/// less than 20 %. `pairing`: kByRound where both reports come from one interleaved run. Throws: Error kUsage
/// if no case matches, or a limit names a metric or statistic that no matching case has, or p99 of fewer than
/// 100 values, or can be judged in no case (single rounds, different machines).
Comparison compare_reports(const Report& base, const Report& now, const std::vector<FailLimit>& limits = {},
                           Pairing pairing = Pairing::kIndependent);

}  // namespace da3::bench
