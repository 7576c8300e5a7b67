// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <da3/error.hpp>

#include <bench/compare/compare.hpp>
#include <bench/compare/comparison_text.hpp>
#include <bench/presentation/charts.hpp>
#include <bench/presentation/report_text.hpp>
#include <bench/report/report_json.hpp>
#include <cli/printable.hpp>
#include <cli/report_format.hpp>
#include <launcher/local_commands.hpp>

namespace da3::launcher {
namespace {

void put(const std::string& text, const std::string& output) {
  if (!output.empty()) {
    bench::write_file(output, text);
  } else {
    cli::put_on_stdout(text);
  }
}

std::vector<bench::FailLimit> limits_of(const std::vector<std::string>& texts) {
  std::vector<bench::FailLimit> limits;
  for (const std::string& text : texts) {
    for (bench::FailLimit& limit : bench::parse_fail_limits(text)) limits.push_back(std::move(limit));
  }
  return limits;
}

}  // namespace

int compare_reports(const cli::BenchCompare& options) {
  const std::vector<bench::FailLimit> limits = limits_of(options.fail_on);
  const bench::Report base = bench::load_report(options.base);
  const bench::Comparison comparison =
      bench::compare_reports(base, bench::load_report(options.candidate), limits);
  const bench::ReportFormat format =
      cli::format_for(options.format, options.output, bench::ReportFormat::kTable);
  put(bench::format_comparison(comparison, format), options.output);
  for (const std::string& message : comparison.messages()) std::fprintf(stderr, "da3: %s\n", message.c_str());
  return comparison.failed() ? exit_code(ErrorCode::kBenchRegression) : 0;
}

int merge_reports(const cli::BenchReport& options) {
  std::vector<bench::NamedReport> reports;
  for (const std::string& file : options.files) {
    reports.push_back({std::filesystem::path(file).stem().string(), bench::load_report(file)});
  }
  std::vector<bench::ChartLink> charts;
  if (!options.charts.empty()) {
    std::error_code ignored;
    const std::filesystem::path document =
        options.output.empty() ? std::filesystem::current_path(ignored)
                               : std::filesystem::absolute(options.output, ignored).parent_path();
    charts = bench::write_charts(reports, options.charts, document);
  }
  const bench::ReportFormat format =
      cli::format_for(options.format, options.output, bench::ReportFormat::kMarkdown);
  put(bench::format_reports(reports, format, charts), options.output);
  return 0;
}

}  // namespace da3::launcher
