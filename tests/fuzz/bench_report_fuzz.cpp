// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <fuzz/fuzz.hpp>

#include <bench/compare/compare.hpp>
#include <bench/compare/comparison_text.hpp>
#include <bench/presentation/charts.hpp>
#include <bench/presentation/report_text.hpp>
#include <bench/report/report_json.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace da3;  // NOLINT(google-build-using-namespace)
  using enum bench::ReportFormat;
  const std::string_view text = fuzz::text_of(data, size);
  fuzz::refused_or_read([&] {
    const bench::Report report = bench::parse_report(text, "x");
    const std::string written = bench::to_json_text(report);
    const bench::Report again = bench::parse_report(written, "again");
    DA3_MUST(bench::to_json_text(again) == written);
    for (const auto format : {kTable, kMarkdown, kJson, kCsv}) bench::format_reports({{"a", report}}, format);
    for (const auto& each : bench::make_charts({{"a", report}})) bench::render_svg(each.chart);
    const auto comparison = bench::compare_reports(report, again, {});
    for (const auto format : {kTable, kMarkdown, kJson, kCsv}) bench::format_comparison(comparison, format);
  });
  fuzz::refused_or_read([&] { bench::parse_fail_limits(std::string(text)); });
  return 0;
}
