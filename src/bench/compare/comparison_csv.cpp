// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <bench/compare/comparison_text.hpp>
#include <bench/report/csv.hpp>

namespace da3::bench {
namespace {

std::vector<std::string> all_settings(const Comparison& comparison) {
  std::vector<std::string> names;
  for (const ComparedCase& each : comparison.cases) {
    for (const auto& [name, value] : each.settings) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

std::string ratio_part(const std::optional<Ratio>& ratio, double Interval::* end) {
  return ratio && ratio->ci95 ? csv_number((*ratio->ci95).*end) : "";
}

}  // namespace

std::string format_comparison_csv(const Comparison& comparison) {
  const std::vector<std::string> settings = all_settings(comparison);
  std::vector<std::string> header{"suite"};
  header.insert(header.end(), settings.begin(), settings.end());
  for (const char* name : {"metric", "statistic", "base", "new", "ratio", "ci95_low", "ci95_high", "verdict",
                           "note", "p_value", "failed"}) {
    header.emplace_back(name);
  }
  std::string text = csv_line(header);
  for (const ComparedCase& each : comparison.cases) {
    std::vector<std::string> start{std::string(to_string(each.suite))};
    for (const std::string& name : settings) start.push_back(each.settings.text(name));
    for (const ComparedMetric& metric : each.metrics) {
      std::vector<std::string> row = start;
      const std::optional<double> ratio = metric.ratio ? std::optional(metric.ratio->value) : std::nullopt;
      for (const std::string& cell :
           {metric.name, metric.statistic, csv_number(metric.base), csv_number(metric.now), csv_number(ratio),
            ratio_part(metric.ratio, &Interval::low), ratio_part(metric.ratio, &Interval::high),
            verdict_text(metric.verdict, metric.name), metric.note, csv_number(metric.p_value),
            std::string(metric.failed ? "true" : "false")}) {
        row.push_back(cell);
      }
      text += csv_line(row);
    }
  }
  return text;
}

}  // namespace da3::bench
