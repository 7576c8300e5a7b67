// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <bench/presentation/report_format.hpp>
#include <bench/report/report.hpp>

namespace da3::bench {

/// A report and the name under which it appears among others, such as its file's stem.
struct NamedReport {
  std::string name;
  Report report;
};

/// Plain tables for a terminal, suite by suite, then the warnings.
std::string format_table(const std::vector<NamedReport>& reports);

/// The whole report: summary, sections of the suites, table across devices, recommendations, warnings, left
/// out. `charts`: names of pictures to show in the sections of the suites, as write_charts gave them.
struct ChartLink {
  SuiteName suite = SuiteName::kThroughput;
  std::string title;
  std::string file;
};
std::string format_markdown(const std::vector<NamedReport>& reports,
                            const std::vector<ChartLink>& charts = {});

/// A line per case and metric with every statistic (RFC 4180).
std::string format_csv(const std::vector<NamedReport>& reports);

/// Reports in a format; `charts` are shown by Markdown alone. JSON takes one report. Throws: Error kUsage for
/// several reports as JSON.
std::string format_reports(const std::vector<NamedReport>& reports, ReportFormat format,
                           const std::vector<ChartLink>& charts = {});

}  // namespace da3::bench
