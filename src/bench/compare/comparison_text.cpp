// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <vector>

#include <bench/compare/comparison_text.hpp>
#include <bench/presentation/text_table.hpp>
#include <bench/report/report.hpp>

namespace da3::bench {
namespace {

std::string cell(const std::string& metric, const std::optional<double>& value) {
  if (!value) return "-";
  return metric.ends_with("_bytes") ? format_bytes(*value) : format_number(*value);
}

std::string ratio_cell(const std::optional<Ratio>& ratio) {
  if (!ratio) return "-";
  if (!ratio->ci95) return format_number(ratio->value);
  return format_number(ratio->value) + " [" + format_number(ratio->ci95->low) + ", " +
         format_number(ratio->ci95->high) + "]";
}

void add_rows(const ComparedCase& compared, std::string name, TextTable& table) {
  for (const ComparedMetric& metric : compared.metrics) {
    std::string verdict = verdict_text(metric.verdict, metric.name);
    if (!metric.note.empty()) verdict += ", " + metric.note;
    if (metric.failed) verdict += ", BEYOND THE LIMIT";
    table.rows.push_back({name, metric.name + (metric.statistic.empty() ? "" : "." + metric.statistic),
                          cell(metric.name, metric.base), cell(metric.name, metric.now),
                          ratio_cell(metric.ratio), verdict});
    name.clear();
  }
}

// A table for each suite, under what its cases share.
std::vector<std::pair<SuiteName, TextTable>> tables_of(const Comparison& comparison) {
  std::vector<std::pair<SuiteName, TextTable>> tables;
  for (const SuiteName suite : all_suites()) {
    std::vector<CaseResult> results;
    for (const ComparedCase& each : comparison.cases) {
      if (each.suite != suite) continue;
      CaseResult& result = results.emplace_back();
      result.suite = suite;
      result.settings = each.settings;
    }
    if (results.empty()) continue;
    std::vector<NamedCase> named;
    for (const CaseResult& each : results) named.push_back({"", &each});
    TextTable table{shared_settings(named), {"case", "metric", "base", "new", "new / base", "verdict"}, {}};
    auto result = results.begin();
    for (const ComparedCase& each : comparison.cases) {
      if (each.suite != suite) continue;
      const std::string own = own_settings(*result++, named);
      add_rows(each, own.empty() ? std::string(to_string(suite)) : own, table);
    }
    tables.emplace_back(suite, std::move(table));
  }
  return tables;
}

// What has to be known before any figure is read; empty: nothing.
std::string caution(const Comparison& comparison) {
  if (comparison.in_turns || !comparison.same_machine) return "";
  const auto apart = seconds_apart(comparison.base_date, comparison.now_date);
  const std::string when = !apart            ? ""
                           : *apart < 120    ? ", " + std::to_string(*apart) + " s apart"
                           : *apart < 7200   ? ", " + std::to_string(*apart / 60) + " min apart"
                           : *apart < 172800 ? ", " + std::to_string(*apart / 3600) + " h apart"
                                             : ", " + std::to_string(*apart / 86400) + " days apart";
  return "Measured one after the other" + when +
         ", not alternately: differences below 20 % can be the machine's and are not judged; use da3 bench "
         "--against.\n\n";
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
  for (const std::string& each : comparison.failed_in_new) text += mark + "failed in new: " + each + "\n";
  for (const std::string& each : comparison.differing) text += mark + "not the same: " + each + "\n";
  for (const std::string& each : comparison.not_judged) text += mark + "not judged: " + each + "\n";
  for (const std::string& each : comparison.failures) text += mark + "regression: " + each + "\n";
  return text;
}

}  // namespace

std::string format_comparison_table(const Comparison& comparison) {
  std::string text = caution(comparison);
  for (const auto& [suite, table] : tables_of(comparison)) {
    text += std::string(facts_of(suite).title) + "\n" + render_plain(table) + "\n";
  }
  return text + notes(comparison, "");
}

std::string format_comparison_markdown(const Comparison& comparison) {
  std::string text = caution(comparison);
  bool first = true;
  for (const auto& [suite, table] : tables_of(comparison)) {
    text += (std::exchange(first, false) ? "## " : "\n## ") + std::string(facts_of(suite).title) + "\n\n" +
            render_markdown(table);
  }
  const std::string tail = notes(comparison, "- ");
  return text + (tail.empty() ? "" : "\n" + tail);
}

std::vector<std::string> Comparison::messages() const {
  std::vector<std::string> lines;
  for (const std::string& each : differing) lines.push_back("not the same: " + each);
  for (const std::string& each : not_judged) lines.push_back("not judged: " + each);
  lines.insert(lines.end(), failures.begin(), failures.end());
  return lines;
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
