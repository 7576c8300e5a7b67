// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <da3/error.hpp>

#include <bench/presentation/across_devices.hpp>
#include <bench/presentation/recommendations.hpp>
#include <bench/presentation/report_text.hpp>
#include <bench/presentation/text_table.hpp>
#include <bench/report/report_json.hpp>
#include <bench/report/warnings.hpp>

namespace da3::bench {
namespace {

std::vector<NamedCase> cases_of(const std::vector<NamedReport>& reports, SuiteName suite) {
  std::vector<NamedCase> cases;
  for (const NamedReport& each : reports) {
    for (const CaseResult& result : each.report.cases) {
      if (result.suite == suite) cases.push_back({each.name, &result});
    }
  }
  return cases;
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string calibration_text(const Report& report) {
  std::string text;
  for (const auto& [name, value] : report.calibration) {
    text += (text.empty() ? "" : ", ") + name + " " + format_number(value);
  }
  return or_dash(text);
}

std::string devices_text(const Environment& environment) {
  std::string text;
  for (const DeviceInfo& device : environment.devices) {
    text += (text.empty() ? "" : ", ") + device.id + (device.name.empty() ? "" : " " + device.name) +
            (device.driver.empty() ? "" : " (" + device.driver + ")");
  }
  return or_dash(text);
}

// One column a report, so that any number of lines fits.
TextTable machine_table(const std::vector<NamedReport>& reports) {
  TextTable table;
  table.columns = {""};
  const std::vector<std::string> lines{"tool",    "built",  "processor", "cores",       "threads", "memory",
                                       "devices", "system", "LibTorch",  "calibration", "date",    "cases"};
  for (const std::string& line : lines) table.rows.push_back({line});
  for (const NamedReport& each : reports) {
    const Environment& e = each.report.environment;
    const ToolInfo& tool = each.report.tool;
    std::map<CaseStatus, int> counts;
    for (const CaseResult& result : each.report.cases) ++counts[result.status];
    const std::vector<std::string> cells{
        tool.name + " " + tool.version + (tool.commit.empty() ? "" : " (" + tool.commit + ")"),
        or_dash(tool.build_type + (tool.compiler.empty() ? "" : ", " + tool.compiler)),
        or_dash(e.cpu_model),
        std::to_string(e.physical_cores.value_or(e.logical_cores)) + " (" + std::to_string(e.logical_cores) +
            " logical)",
        std::to_string(e.threads),
        format_bytes(static_cast<double>(e.memory_bytes)),
        devices_text(e),
        or_dash(e.os),
        or_dash(e.libraries.libtorch + (e.libraries.blas.empty() ? "" : ", " + e.libraries.blas)),
        calibration_text(each.report),
        or_dash(e.date_utc),
        std::to_string(counts[CaseStatus::kDone]) + " done, " + std::to_string(counts[CaseStatus::kSkipped]) +
            " skipped, " + std::to_string(counts[CaseStatus::kFailed]) + " failed"};
    table.columns.push_back(each.name);
    for (std::size_t i = 0; i < cells.size(); ++i) table.rows[i].push_back(cells[i]);
  }
  return table;
}

std::string warnings_markdown(const std::vector<NamedReport>& reports) {
  std::string text;
  for (const NamedReport& each : reports) {
    for (const Warning& w : each.report.warnings) {
      text += "- " + (reports.size() > 1 ? each.name + ": " : std::string()) + w.subject + ": " + w.message +
              " (" + w.advice + ").\n";
    }
  }
  return text;
}

std::string left_out_markdown(const std::vector<NamedReport>& reports) {
  std::string text;
  for (const NamedReport& each : reports) {
    for (const LeftOut& out : each.report.plan.left_out) {
      text += "- " + (reports.size() > 1 ? each.name + ": " : std::string()) +
              std::string(to_string(out.suite)) + (out.settings.empty() ? "" : " " + to_text(out.settings)) +
              ": " + out.reason + ".\n";
    }
  }
  return text;
}

std::string recommendations_markdown(const std::vector<NamedReport>& reports) {
  std::string text;
  for (const NamedReport& each : reports) {
    for (const std::string& sentence : recommend(each.report)) {
      text += "- " + (reports.size() > 1 ? each.name + ": " : std::string()) + sentence + "\n";
    }
  }
  return text.empty() ? "The cases of this report do not carry any.\n" : text;
}

std::string suites_markdown(const std::vector<NamedReport>& reports, const std::vector<ChartLink>& charts) {
  std::string text;
  for (const SuiteName suite : all_suites()) {
    const std::vector<NamedCase> cases = cases_of(reports, suite);
    if (cases.empty()) continue;
    text += "\n## " + std::string(suite_title(suite)) + "\n\n" + render_markdown(tabulate(cases));
    for (const ChartLink& chart : charts) {
      if (chart.suite == suite) text += "\n![" + chart.title + "](" + chart.file + ")\n";
    }
  }
  return text;
}

}  // namespace

std::string format_table(const std::vector<NamedReport>& reports) {
  std::string text;
  for (const SuiteName suite : all_suites()) {
    const std::vector<NamedCase> cases = cases_of(reports, suite);
    if (!cases.empty()) text += std::string(suite_title(suite)) + "\n" + render_plain(tabulate(cases)) + "\n";
  }
  for (const NamedReport& each : reports) {
    for (const Warning& w : each.report.warnings) {
      text += "warning: " + w.subject + ": " + w.message + "; " + w.advice + "\n";
    }
    if (!each.report.plan.left_out.empty()) {
      text += "left out: " + std::to_string(each.report.plan.left_out.size()) +
              " cases (--format markdown lists them)\n";
    }
  }
  return text;
}

std::string format_markdown(const std::vector<NamedReport>& reports, const std::vector<ChartLink>& charts) {
  std::string text = "# Benchmark report\n\n## Summary\n\n" + render_markdown(machine_table(reports));
  text +=
      "\nTimes are medians in milliseconds with the 95 % interval of the median in brackets; a forward is a "
      "whole batch.\n";
  text += suites_markdown(reports, charts);
  const TextTable across = tabulate_across_devices(reports);
  if (!across.rows.empty()) {
    text +=
        "\n## Across devices\n\nImages per second, and in brackets the speed-up against the CPU of the "
        "same report.\n\n" +
        render_markdown(across);
  }
  text += "\n## Recommendations\n\n" + recommendations_markdown(reports);
  const std::string warnings = warnings_markdown(reports);
  if (!warnings.empty()) text += "\n## Warnings\n\n" + warnings;
  const std::string left_out = left_out_markdown(reports);
  if (!left_out.empty()) text += "\n## Left out\n\n" + left_out;
  return text;
}

std::string format_reports(const std::vector<NamedReport>& reports, ReportFormat format,
                           const std::vector<ChartLink>& charts) {
  switch (format) {
    case ReportFormat::kTable:
      return format_table(reports);
    case ReportFormat::kMarkdown:
      return format_markdown(reports, charts);
    case ReportFormat::kCsv:
      return format_csv(reports);
    case ReportFormat::kJson:
      break;
  }
  if (reports.size() != 1) {
    throw Error(ErrorCode::kUsage, "--format json takes one report, but " + std::to_string(reports.size()) +
                                       " were given; choose table, markdown or csv");
  }
  return to_json_text(reports.front().report);
}

}  // namespace da3::bench
