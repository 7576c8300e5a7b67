// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <commands/bench_setup.hpp>
#include <commands/text.hpp>

#include <da3/error.hpp>

#include <bench/against/against.hpp>
#include <bench/compare/compare.hpp>
#include <bench/compare/comparison_text.hpp>
#include <bench/measure/clock.hpp>
#include <bench/report/report_json.hpp>
#include <bench/report/warnings.hpp>
#include <cli/report_format.hpp>

namespace da3::commands {
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

// "new.base.json" of "new.json".
std::filesystem::path base_file(const std::filesystem::path& file) {
  std::filesystem::path base = file;
  return base.replace_extension(".base" + file.extension().string());
}

void save(const bench::SideBySide& result, const std::string& output) {
  if (output.empty()) return;
  bench::save_report(bench::without_folders(result.now), output);
  bench::save_report(bench::without_folders(result.base), base_file(output));
}

// Says what is measured and how long it will take: on a terminal after every round, else at the start of a
// group and after its first round.
class AgainstView {
 public:
  AgainstView(const bench::Plan& plan, Console& console, bool quiet)
      : plan_(plan), console_(console), quiet_(quiet), start_(clock_.now()), group_start_(start_) {}

  void show(const bench::AgainstProgress& progress) {
    if (quiet_) return;
    if (progress.rounds_done == 0) {
      ++number_;
      group_start_ = clock_.now();
    }
    const bool changing = Console::is_terminal();
    if (!changing && progress.rounds_done > 1) return;
    const std::string text = what(progress) + ", " + how_far(progress);
    if (changing) {
      console_.status(text);
    } else {
      console_.line("da3: " + text);
    }
  }

 private:
  double since(bench::Nanoseconds start) { return 1e-3 * bench::milliseconds(clock_.now() - start); }

  std::string what(const bench::AgainstProgress& progress) {
    return progress_text(*progress.group, number_, plan_.groups.size(), since(start_));
  }

  // Measured once a round is done, estimated before.
  std::string how_far(const bench::AgainstProgress& progress) {
    if (progress.rounds_done == 0) {
      return std::to_string(progress.rounds) + " rounds of both programs, about " +
             seconds_text(progress.group->estimate_s());
    }
    const double left = since(group_start_) * (progress.rounds - progress.rounds_done) / progress.rounds_done;
    return "round " + std::to_string(progress.rounds_done) + " of " + std::to_string(progress.rounds) +
           ", about " + seconds_text(left) + " left";
  }

  const bench::Plan& plan_;
  Console& console_;
  bool quiet_;
  bench::SteadyClock clock_;
  bench::Nanoseconds start_;
  bench::Nanoseconds group_start_;
  std::size_t number_ = 0;
};

// Says which cases failed in one of the programs. Whether any did.
bool tell_failed(const bench::Report& report, const char* program, Console& console) {
  bool any = false;
  for (const bench::CaseResult& each : report.cases) {
    if (each.status != bench::CaseStatus::kFailed) continue;
    console.line("da3: " + std::string(program) + ": " + bench::case_name(each) + ": " + each.reason);
    any = true;
  }
  return any;
}

}  // namespace

int bench_against(const cli::BenchRun& options, const bench::Plan& plan, Console& console,
                  const std::function<bool()>& interrupted) {
  if (!options.output.empty()) bench::require_place(base_file(options.output));
  const std::vector<bench::FailLimit> limits = limits_of(options);
  bench::require_limits(plan, limits);
  const bench::StartWorker now = [] { return std::make_unique<bench::Worker>(own_program()); };
  // The base never gets the test aid, so that a slow-down can be put into one side.
  const bench::StartWorker base = [&options] {
    return std::make_unique<bench::Worker>(options.against, std::vector<std::string>{kSlowdownVariable});
  };
  AgainstView view(plan, console, options.verbosity.quiet);
  bench::AgainstHooks hooks;
  hooks.interrupted = interrupted;
  hooks.on_round = [&](const bench::AgainstProgress& progress) { view.show(progress); };
  hooks.on_result = [&](const bench::SideBySide& result) { save(result, options.output); };
  const bench::SideBySide result = bench::measure_against(plan, base, now, hooks);
  console.status("");
  for (const bench::Warning& each : result.now.warnings) {
    if (!options.verbosity.quiet)
      console.line("da3: " + each.subject + ": " + each.message + "; " + each.advice);
  }
  const bool base_failed = tell_failed(result.base, "base", console);
  const bool failed = tell_failed(result.now, "new", console) || base_failed;
  if (result.interrupted && result.now.cases.empty()) return 0;
  // Too few rounds are no base for a judgement.
  const bench::Comparison comparison = bench::compare_reports(
      result.base, result.now, result.interrupted ? decltype(limits){} : limits, bench::Pairing::kByRound);
  put_on_stdout(
      bench::format_comparison(comparison, cli::format_for(options.format, "", bench::ReportFormat::kTable)));
  for (const std::string& message : comparison.messages()) console.line("da3: " + message);
  if (comparison.failed()) return exit_code(ErrorCode::kBenchRegression);
  return failed ? 1 : 0;
}

}  // namespace da3::commands
