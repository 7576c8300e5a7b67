// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <bench/compare/comparison_text.hpp>
#include <bench/presentation/text_table.hpp>

namespace da3::bench {
namespace {

std::string cell(const std::optional<double>& value) {
  return value ? format_number(*value) : "-";
}

std::string ratio_cell(const std::optional<Ratio>& ratio) {
  if (!ratio) return "-";
  if (!ratio->ci95) return format_number(ratio->value);
  return format_number(ratio->value) + " [" + format_number(ratio->ci95->low) + ", " +
         format_number(ratio->ci95->high) + "]";
}

TextTable table_of(const Comparison& comparison) {
  TextTable table;
  table.columns = {"case", "metric", "base", "new", "new / base", "verdict"};
  for (const ComparedCase& each : comparison.cases) {
    std::string name = std::string(to_string(each.suite)) + " " + to_text(each.settings);
    for (const ComparedMetric& metric : each.metrics) {
      std::string verdict(to_string(metric.verdict));
      if (!metric.note.empty()) verdict += ", " + metric.note;
      if (metric.failed) verdict += ", BEYOND THE LIMIT";
      table.rows.push_back({name, metric.name + (metric.statistic.empty() ? "" : "." + metric.statistic),
                            cell(metric.base), cell(metric.now), ratio_cell(metric.ratio), verdict});
      name.clear();
    }
  }
  return table;
}

// Each line after `mark`.
std::string notes(const Comparison& comparison, const std::string& mark) {
  std::string text;
  if (!comparison.same_machine) {
    text += mark +
            "The reports come from different machines: only forward_ms is judged, by efficiency (time x "
            "calibration).\n";
  }
  for (const std::string& each : comparison.only_in_base) text += mark + "only in base: " + each + "\n";
  for (const std::string& each : comparison.only_in_new) text += mark + "only in new: " + each + "\n";
  for (const std::string& each : comparison.failures) text += mark + "regression: " + each + "\n";
  return text;
}

}  // namespace

std::string format_comparison_table(const Comparison& comparison) {
  return render_plain(table_of(comparison)) + notes(comparison, "");
}

std::string format_comparison_markdown(const Comparison& comparison) {
  const std::string tail = notes(comparison, "- ");
  return render_markdown(table_of(comparison)) + (tail.empty() ? "" : "\n" + tail);
}

std::string format_comparison(const Comparison& comparison, ReportFormat format) {
  switch (format) {
    case ReportFormat::kTable:
      return format_comparison_table(comparison);
    case ReportFormat::kMarkdown:
      return format_comparison_markdown(comparison);
    case ReportFormat::kJson:
      return format_comparison_json(comparison);
    case ReportFormat::kCsv:
      return format_comparison_csv(comparison);
  }
  return {};
}

}  // namespace da3::bench
