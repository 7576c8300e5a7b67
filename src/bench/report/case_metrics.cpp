// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <bench/report/case_metrics.hpp>

namespace da3::bench {

CaseResult to_case_result(const PlannedCase& planned, const Samples& samples,
                          const Calibrations& calibrations) {
  CaseResult result;
  result.suite = planned.suite;
  result.settings = planned.settings;
  if (samples.failure) {
    result.status = CaseStatus::kFailed;
    result.reason = *samples.failure;
  }
  for (const auto& [name, rounds] : samples.rounds) {
    const std::vector<double> values = sorted_values(rounds);
    if (name.ends_with("_ms")) {
      const auto first = samples.first.find(name);
      result.set(name, Distribution{rounds, first == samples.first.end() ? std::nullopt
                                                                         : std::optional(first->second)});
    } else if (values.empty()) {
      result.set(name, Missing{"every run gave a value that is not finite"});
    } else if (name.ends_with("_bytes")) {
      result.set(name, static_cast<std::int64_t>(std::llround(values.back())));
    } else {
      result.set(name, quantile(values, 0.5));
    }
  }
  for (const auto& [name, values] : calibrations) {
    const std::vector<double> ascending = sorted_values({values});
    if (!ascending.empty()) result.calibration[name] = quantile(ascending, 0.5);
  }
  return result;
}

void add_image_rate(CaseResult& result) {
  const SuiteRate& rate = facts_of(result.suite).rate;
  const std::int64_t images = result.settings.number(rate.images);
  const auto ms = result.number(rate.time);
  if (images > 0 && ms && *ms > 0) result.set("images_per_s", 1000.0 * static_cast<double>(images) / *ms);
}

void complete_metrics(CaseResult& result) {
  const std::vector<std::string_view> order = suite_metrics(result.suite);
  const std::string reason = result.status == CaseStatus::kDone ? "not told here" : result.reason;
  for (const std::string_view name : order) {
    if (result.find(name) == nullptr) result.set(name, Missing{reason});
  }
  const auto rank = [&](const Metric& metric) {
    return std::find(order.begin(), order.end(), metric.name) - order.begin();
  };
  std::stable_sort(result.metrics.begin(), result.metrics.end(),
                   [&](const Metric& a, const Metric& b) { return rank(a) < rank(b); });
}

}  // namespace da3::bench
