// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <bench/against/against.hpp>

namespace da3::bench {
namespace {

// The metric that a limit means: by its name, or with "_ms" added. Empty: the suite has none.
std::string_view metric_of(SuiteName suite, const std::string& name) {
  const std::vector<std::string_view> metrics = suite_metrics(suite);
  for (const std::string& each : {name, name + "_ms"}) {
    const auto found = std::ranges::find(metrics, each);
    if (found != metrics.end()) return *found;
  }
  return {};
}

/// Whether a suite has values for a limit. Throws: Error kUsage for a statistic that its metric does not
/// have.
bool has_values(SuiteName suite, const FailLimit& limit) {
  const std::string_view metric = metric_of(suite, limit.metric);
  if (metric.empty()) return false;
  const bool sampled = metric.ends_with("_ms") && metric != facts_of(suite).derived_ms;
  if (sampled && limit.statistic.empty()) refuse_without_statistic(limit, metric);
  if (!sampled && !limit.statistic.empty()) refuse_statistic(limit, metric);
  return true;
}

// --min-time may add rounds.
bool has_spread(const SampleOptions& sampling) {
  return std::min(sampling.rounds, sampling.runs) >= 2 || sampling.min_time.count() > 0;
}

void require_limit(const Plan& plan, const FailLimit& limit) {
  bool found = false;
  bool judged = false;
  for (const PlannedGroup& group : plan.groups) {
    if (!has_values(group.suite, limit)) continue;
    found = true;
    const SampleOptions sampling = sample_options(plan.options, group.suite);
    judged = judged || limit.statistic.empty() || has_spread(sampling);
    if (limit.statistic == "p99" && sampling.runs < 100 && sampling.min_time.count() == 0) {
      refuse_limit(limit, "p99 needs 100 values, and " + std::string(to_string(group.suite)) + " gets " +
                              std::to_string(sampling.runs) + "; add --runs 100, or take p90");
    }
  }
  if (!found) refuse_limit(limit, "no suite of this run has the metric " + limit.metric);
  if (!judged) refuse_limit(limit, "a single round of runs shows no spread; take --rounds 2 or more");
}

}  // namespace

void require_limits(const Plan& plan, const std::vector<FailLimit>& limits) {
  for (const FailLimit& limit : limits) require_limit(plan, limit);
}

}  // namespace da3::bench
