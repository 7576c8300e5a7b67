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

constexpr std::string_view kBrackets =
    "In brackets: the 95 % interval of the median; of fewer than six runs, which have none, the least and "
    "the "
    "greatest.";

void add_cases(const Report& report, const std::string& name, SuiteName suite,
               std::vector<NamedCase>& cases) {
  for (const CaseResult& result : report.cases) {
    if (result.suite == suite) cases.push_back({name, &result});
  }
}

std::vector<NamedCase> cases_of(const std::vector<NamedReport>& reports, SuiteName suite) {
  std::vector<NamedCase> cases;
  for (const NamedReport& each : reports) add_cases(each.report, each.name, suite, cases);
  return cases;
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string calibration_text(const Report& report) {
  std::string text;
  constexpr std::string_view kUnit = "_gflops";
  for (const auto& [name, value] : report.calibration) {
    const bool rate = name.ends_with(kUnit);
    text += (text.empty() ? "" : ", ") + name.substr(0, rate ? name.size() - kUnit.size() : name.size()) +
            " " + format_number(value) + (rate ? " GFLOP/s" : "");
  }
  return or_dash(text);
}

std::string devices_text(const Environment& environment) {
  std::string text;
  for (const ReportedDevice& device : environment.devices) {
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

// Cases by their whole name as warnings have it, with the part of it that tells them from others of their
// suite.
std::map<std::string, std::string> short_case_names(const Report& report) {
  std::map<std::string, std::string> names;
  for (const SuiteName suite : all_suites()) {
    std::vector<NamedCase> cases;
    add_cases(report, "", suite, cases);
    for (const NamedCase& each : cases) {
      const std::string own = own_settings(*each.result, cases);
      names[case_name(*each.result)] = std::string(to_string(suite)) + (own.empty() ? "" : " " + own);
    }
  }
  return names;
}

// What is wrong, by what to do about it, which many warnings share.
struct Advice {
  std::string text;
  std::vector<std::string> warnings;
};

std::vector<Advice> advice_of(const std::vector<NamedReport>& reports) {
  std::vector<Advice> all;
  for (const NamedReport& each : reports) {
    const std::map<std::string, std::string> names = short_case_names(each.report);
    for (const Warning& w : each.report.warnings) {
      auto advice = std::find_if(all.begin(), all.end(), [&](const Advice& a) { return a.text == w.advice; });
      if (advice == all.end()) advice = all.insert(all.end(), {w.advice, {}});
      const auto name = names.find(w.subject);
      advice->warnings.push_back((reports.size() > 1 ? each.name + ": " : std::string()) +
                                 (name == names.end() ? w.subject : name->second) + ": " + w.message);
    }
  }
  return all;
}

std::string warnings_markdown(const std::vector<NamedReport>& reports) {
  std::string text;
  for (const Advice& advice : advice_of(reports)) {
    text += "- To do: " + advice.text + ".\n";
    for (const std::string& warning : advice.warnings) text += "  - " + warning + "\n";
  }
  return text;
}

std::string left_out_markdown(const std::vector<NamedReport>& reports) {
  std::string text;
  for (const NamedReport& each : reports) {
    for (const LeftOut& out : each.report.plan.left_out) {
      text.append("- ");
      if (reports.size() > 1) text.append(each.name).append(": ");
      text.append(to_string(out.suite));
      if (!out.settings.empty()) text.append(" ").append(to_text(out.settings));
      text.append(": ").append(out.reason).append(".\n");
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
    text += "\n## " + std::string(facts_of(suite).title) + "\n\n" + render_markdown(tabulate(cases));
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
    if (!cases.empty())
      text += std::string(facts_of(suite).title) + "\n" + render_plain(tabulate(cases)) + "\n";
  }
  if (text.find('[') != std::string::npos) text += std::string(kBrackets) + "\n";
  for (const Advice& advice : advice_of(reports)) {
    for (const std::string& warning : advice.warnings) text += "warning: " + warning + "\n";
    text += "  " + advice.text + "\n";
  }
  for (const NamedReport& each : reports) {
    const std::size_t left_out = each.report.plan.left_out.size();
    if (left_out == 0) continue;
    text += "left out: " + std::to_string(left_out) + (left_out == 1 ? " case" : " cases") +
            " (--format markdown names them)\n";
  }
  return text;
}

std::string format_markdown(const std::vector<NamedReport>& reports, const std::vector<ChartLink>& charts) {
  std::string text = "# Benchmark report\n\n## Summary\n\n" + render_markdown(machine_table(reports));
  text += "\nTimes are medians in milliseconds. " + std::string(kBrackets) + " A forward is a whole batch.\n";
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
