// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <da3/error.hpp>

#include <bench/against.hpp>
#include <bench/compare.hpp>
#include <bench/report_json.hpp>
#include <bench/warnings.hpp>
#include <run/bench_setup.hpp>

namespace da3::run {
namespace {

constexpr const char* kSlowdownVariable = "DA3_BENCH_SLOWDOWN";

std::vector<bench::FailLimit> limits_of(const cli::BenchRun& options) {
  std::vector<bench::FailLimit> limits;
  for (const std::string& text : options.fail_on) {
    const std::vector<bench::FailLimit> parsed = bench::parse_fail_limits(text);
    limits.insert(limits.end(), parsed.begin(), parsed.end());
  }
  return limits;
}

// "new.json" and "new.base.json".
void save(const bench::SideBySide& result, const std::string& output) {
  if (output.empty()) return;
  const std::filesystem::path file = output;
  std::filesystem::path base = file;
  base.replace_extension(".base" + file.extension().string());
  bench::save_report(result.now, file);
  bench::save_report(result.base, base);
}

}  // namespace

int bench_against(const cli::BenchRun& options, const bench::Plan& plan, Console& console,
                  const std::function<bool()>& interrupted) {
  const std::vector<bench::FailLimit> limits = limits_of(options);
  const bench::StartWorker now = [] { return std::make_unique<bench::Worker>(own_program()); };
  // The base never gets the test aid, so that a slow-down can be put into one side.
  const bench::StartWorker base = [&options] {
    return std::make_unique<bench::Worker>(options.against, std::vector<std::string>{kSlowdownVariable});
  };
  bench::AgainstHooks hooks;
  hooks.interrupted = interrupted;
  hooks.on_group = [&](const bench::PlannedGroup& group) {
    if (!options.verbosity.quiet) {
      console.line("da3: " + std::string(bench::to_string(group.suite)) + " " +
                   bench::to_text(group.cases.front().settings, {"weights", "views"}) + ", " +
                   std::to_string(group.cases.size()) + " cases in both programs");
    }
  };
  hooks.on_result = [&](const bench::SideBySide& result) { save(result, options.output); };
  const bench::SideBySide result = bench::measure_against(plan, base, now, hooks);
  const bench::Comparison comparison =
      bench::compare_reports(result.base, result.now, limits, bench::Pairing::kByRound);
  put_on_stdout(options.format == cli::ReportFormat::kMarkdown ? bench::format_comparison_markdown(comparison)
                                                               : bench::format_comparison(comparison));
  for (const std::string& failure : comparison.failures) console.line("da3: " + failure);
  if (comparison.failed()) return exit_code(ErrorCode::kBenchRegression);
  const auto failed = [](const bench::Report& report) {
    return std::any_of(report.cases.begin(), report.cases.end(), [](const bench::CaseResult& each) {
      return each.status == bench::CaseStatus::kFailed;
    });
  };
  return failed(result.base) || failed(result.now) ? 1 : 0;
}

}  // namespace da3::run
