// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include <commands/bench_setup.hpp>
#include <commands/commands.hpp>
#include <commands/interrupts.hpp>
#include <commands/text.hpp>

#include <da3/error.hpp>

#include <bench/presentation/plan_text.hpp>
#include <bench/presentation/report_text.hpp>
#include <bench/report/report_json.hpp>
#include <bench/report/warnings.hpp>
#include <cli/report_format.hpp>
#include <core/atomic_file.hpp>
#include <core/host/cgroup.hpp>
#include <core/read_file.hpp>
#include <suites/group_session.hpp>
#include <suites/make_plan.hpp>

namespace da3::commands {
namespace {

std::vector<std::string> command_line_of() {
  std::vector<std::string> words;
  const std::string text = core::read_text("/proc/self/cmdline");
  std::string word;
  for (const char c : text) {
    if (c == 0) {
      words.push_back(std::move(word));
      word.clear();
    } else {
      word += c;
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

// Groups one after another, the report kept up to date.
class BenchRunner {
 public:
  BenchRunner(const cli::BenchRun& options, const bench::Plan& plan, BenchSetup& setup, Console& console)
      : options_(options),
        plan_(plan),
        setup_(setup),
        console_(console),
        format_(cli::format_for(options.format, options.output, bench::ReportFormat::kTable)) {
    report_.tool = bench::this_tool();
    report_.environment = bench_environment();
    report_.environment.command_line = command_line_of();
    report_.plan = plan.echo();
    judgements_ = bench::judge_environment(report_.tool, report_.environment);
  }

  void run(const std::function<bool()>& interrupted) {
    const bench::MachineState before = bench::read_machine_state();
    start_ = clock_.now();
    std::size_t number = 0;
    for (const bench::PlannedGroup& group : plan_.groups) {
      ++number;
      if (interrupted()) return;
      if (beyond_budget(group)) {
        leave_out(group);
        continue;
      }
      tell(group, number);
      try {
        add(suites::measure_group(group, setup_.context(), bench::sample_options(plan_.options, group.suite),
                                  interrupted));
      } catch (const Error& error) {
        if (error.code() != ErrorCode::kInterrupted) throw;
        break;
      }
      refresh(before);
    }
    console_.status("");
    refresh(before);
    if (core::is_stream(options_.output)) write_report();
  }

  void print() const {
    if (options_.output.empty())
      put_on_stdout(bench::format_reports({{"run", bench::without_folders(report_)}}, format_));
  }

  bool any_failed() const {
    return std::any_of(report_.cases.begin(), report_.cases.end(), [](const bench::CaseResult& each) {
      return each.status == bench::CaseStatus::kFailed;
    });
  }

  /// Why nothing was measured, if every case was skipped; else none.
  std::optional<std::string> skipped() const {
    const auto is_skipped = [](const bench::CaseResult& each) {
      return each.status == bench::CaseStatus::kSkipped;
    };
    if (report_.cases.empty() || !std::ranges::all_of(report_.cases, is_skipped)) return std::nullopt;
    return report_.cases.front().reason;
  }

 private:
  double elapsed_s() { return 1e-3 * bench::milliseconds(clock_.now() - start_); }

  // Estimates may have been too low: a suite that has cases already gives way to those that have none.
  bool beyond_budget(const bench::PlannedGroup& group) {
    if (plan_.options.budget_s <= 0 || measured_.count(group.suite) == 0) return false;
    return elapsed_s() + group.estimate_s() > plan_.options.budget_s;
  }

  void leave_out(const bench::PlannedGroup& group) {
    for (const bench::PlannedCase& each : group.cases) {
      report_.plan.left_out.push_back(
          {each.suite, each.settings, "the budget was used up by what came before"});
    }
  }

  void tell(const bench::PlannedGroup& group, std::size_t number) {
    if (options_.verbosity.quiet) return;
    const std::string text = progress_text(group, number, plan_.groups.size(), elapsed_s());
    if (Console::is_terminal() && options_.verbosity.verbose == 0) {
      console_.status(text);
    } else {
      console_.line("da3: " + text);
    }
  }

  void add(std::vector<bench::CaseResult> results) {
    for (bench::CaseResult& result : results) {
      measured_.insert(result.suite);
      for (bench::Warning& warning : bench::judge_case(result)) judgements_.push_back(std::move(warning));
      const std::string device = result.settings.text("device", "cpu");
      for (const auto& [name, value] : result.calibration) {
        calibrations_[device == "cpu" ? name : device + "." + name].push_back(value);
      }
      report_.cases.push_back(std::move(result));
    }
  }

  void refresh(const bench::MachineState& before) {
    report_.warnings = judgements_;
    for (bench::Warning& each : bench::judge_disturbance(before, bench::read_machine_state())) {
      report_.warnings.push_back(std::move(each));
    }
    for (const auto& [name, values] : calibrations_) {
      report_.calibration[name] = bench::quantile(bench::sorted_values({values}), 0.5);
    }
    report_.environment.peak_rss_bytes = setup_.peak_rss_bytes();
    // A file holds what is measured so far; what is written to a FIFO or a device cannot be taken back.
    if (!options_.output.empty() && !core::is_stream(options_.output)) write_report();
  }

  void write_report() const {
    bench::write_file(options_.output,
                      bench::format_reports({{"run", bench::without_folders(report_)}}, format_));
  }

  const cli::BenchRun& options_;
  const bench::Plan& plan_;
  BenchSetup& setup_;
  Console& console_;
  bench::ReportFormat format_;
  bench::SteadyClock clock_;
  bench::Nanoseconds start_{0};
  bench::Report report_;
  std::vector<bench::Warning> judgements_;
  std::map<std::string, std::vector<double>> calibrations_;
  std::set<bench::SuiteName> measured_;
};

// "78 cases, about 1:29:53 (hours:minutes:seconds); ...": said before anything is measured.
std::string time_text(const bench::Plan& plan) {
  std::size_t count = 0;
  for (const bench::PlannedGroup& group : plan.groups) count += group.cases.size();
  const double seconds = plan.estimate_s();
  const char* const unit = seconds < 60 ? "" : seconds < 3600 ? " min" : " h";
  return count_of(count, "case") + ", about " + seconds_text(seconds) + unit +
         (seconds < 300 ? "" : "; --quick is shorter, --dry-run shows the plan");
}

}  // namespace

int bench(const cli::BenchRun& options) {
  Console console;
  const Interrupts interrupts(
      [console](int) { console.line("da3: stopping; finished cases are kept (once more: at once)"); });
  const std::function<bool()> interrupted = [token = interrupts.token()] { return token.stop_requested(); };
  if (!options.output.empty()) bench::require_place(options.output);
  check_models(options.plan.models, options.trust_code, console);
  const bench::PlanOptions wanted = plan_options(options);
  BenchSetup setup(console);
  const bench::Plan plan = suites::make_plan(wanted, setup.plan_facts(wanted, /*estimates=*/true));
  if (options.dry_run) {
    put_on_stdout(bench::format_plan(plan));
    return 0;
  }
  if (!options.verbosity.quiet) console.line("da3: " + time_text(plan));
  if (!options.against.empty()) {
    const int code = bench_against(options, plan, console, interrupted);
    return interrupts.exit_code() != 0 ? interrupts.exit_code() : code;
  }
  BenchRunner runner(options, plan, setup, console);
  runner.run(interrupted);
  runner.print();
  if (interrupts.exit_code() != 0) return interrupts.exit_code();
  if (const auto reason = runner.skipped()) {
    console.line("da3: nothing was measured: " + *reason);
    return exit_code(ErrorCode::kDeviceUnavailable);
  }
  return runner.any_failed() ? 1 : 0;
}

}  // namespace da3::commands
