// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <commands/console.hpp>
#include <predict/memory_probe.hpp>

#include <bench/plan/plan.hpp>
#include <cli/options.hpp>
#include <suites/context.hpp>

namespace da3::commands {

/// A separate folder for a run's photos and results, removed at the end.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The engine behind the suites: what suites::Context asks for, and what the plan has to know.
class BenchSetup {
 public:
  explicit BenchSetup(Console& console);

  suites::Context& context() { return context_; }
  /// Of the whole process so far.
  std::optional<std::uint64_t> peak_rss_bytes() { return peak_memory_.whole_bytes(); }
  /// Calibrates the first device if `estimates` are wanted (0.2 s).
  bench::PlanFacts plan_facts(const bench::PlanOptions& options, bool estimates);

 private:
  suites::ModelFile model_file(const std::string& model);
  std::filesystem::path synthetic_file(const std::string& model);

  Console& console_;
  ScratchFolder scratch_;
  bench::SteadyClock clock_;
  bench::SystemPeakMemory peak_memory_;
  std::unique_ptr<predict::MemoryProbe> memory_;
  suites::Context context_;
};

/// The plan's options from the command line. Throws: Error kUsage, kDeviceUnavailable with the devices that
/// are here.
bench::PlanOptions plan_options(const cli::BenchRun& options);

/// Returns if every model is a file that can be read and run, or has a published name. Throws: Error
/// kModelNotFound with the nearest name, kModelContract, kModelDamaged, kModelUntrusted.
void check_models(const std::vector<std::string>& models, bool trust_code, Console& console);

/// This machine with the engine's versions and devices.
bench::Environment bench_environment();

/// bin/da3 of the tree that this program belongs to.
std::string own_program();

/// Factor of DA3_BENCH_SLOWDOWN, a test aid (docs/benchmarks.md); 1 where it is not set. Throws: Error
/// kUsage.
double slowdown_from_environment();

/// "[3/12, 1:05] throughput model=da3-small ..., 4 cases"
std::string progress_text(const bench::PlannedGroup& group, std::size_t number, std::size_t groups,
                          double elapsed_s);

/// `da3 bench --against PROGRAM`
int bench_against(const cli::BenchRun& options, const bench::Plan& plan, Console& console,
                  const std::function<bool()>& interrupted);

}  // namespace da3::commands
