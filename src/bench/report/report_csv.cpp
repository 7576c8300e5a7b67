// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <bench/presentation/report_text.hpp>
#include <bench/report/csv.hpp>

namespace da3::bench {
namespace {

std::vector<std::string> all_settings(const std::vector<NamedReport>& reports) {
  std::vector<std::string> names;
  for (const NamedReport& each : reports) {
    for (const CaseResult& result : each.report.cases) {
      for (const auto& [name, value] : result.settings) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
      }
    }
  }
  return names;
}

std::vector<std::string> statistics_cells(const MetricValue& value) {
  std::vector<std::string> cells(12);
  if (const auto* real = std::get_if<double>(&value)) cells[0] = csv_number(*real);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) cells[0] = std::to_string(*whole);
  if (const auto* samples = std::get_if<Distribution>(&value)) {
    const Summary s = samples->summary();
    cells = {csv_number(s.median),
             std::to_string(s.n),
             csv_number(s.median),
             csv_number(s.p90),
             csv_number(s.p99),
             csv_number(s.mean),
             csv_number(s.stdev),
             csv_number(s.iqr),
             csv_number(s.min),
             csv_number(s.max),
             "",
             ""};
    if (s.ci95) {
      cells[10] = csv_number(s.ci95->low);
      cells[11] = csv_number(s.ci95->high);
    }
  }
  return cells;
}

}  // namespace

std::string format_csv(const std::vector<NamedReport>& reports) {
  const std::vector<std::string> settings = all_settings(reports);
  std::vector<std::string> header{"report", "suite", "status", "reason"};
  header.insert(header.end(), settings.begin(), settings.end());
  for (const char* name : {"metric", "value", "n", "median", "p90", "p99", "mean", "stdev", "iqr", "min",
                           "max", "ci95_low", "ci95_high"}) {
    header.emplace_back(name);
  }
  std::string text = csv_line(header);
  for (const NamedReport& each : reports) {
    for (const CaseResult& result : each.report.cases) {
      std::vector<std::string> start{each.name, std::string(to_string(result.suite)),
                                     std::string(to_string(result.status)), result.reason};
      for (const std::string& name : settings) start.push_back(result.settings.text(name));
      const std::vector<Metric> none{{"", Missing{}}};
      for (const Metric& metric : result.metrics.empty() ? none : result.metrics) {
        std::vector<std::string> row = start;
        row.push_back(metric.name);
        const std::vector<std::string> statistics = statistics_cells(metric.value);
        row.insert(row.end(), statistics.begin(), statistics.end());
        text += csv_line(row);
      }
    }
  }
  return text;
}

}  // namespace da3::bench
