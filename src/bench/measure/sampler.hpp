// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <bench/measure/clock.hpp>
#include <bench/measure/peak_memory.hpp>
#include <bench/statistics/statistics.hpp>

namespace da3::bench {

/// Values that a step reports about itself, such as ("backbone_ms", 70.1). Not finite: unknown in this run.
using Parts = std::vector<std::pair<std::string, double>>;

/// One timed stage of a run. An empty metric: the step is not timed, its parts alone count.
struct Step {
  std::string metric;
  std::function<Parts()> run;
};

/// What a case does in one run. The sampler owns the clock; the callables own everything else.
struct Workload {
  std::function<void()> prepare;  ///< Before each run, not timed; may be empty
  std::vector<Step> steps;        ///< One after another, each timed
  std::string total_metric;  ///< Time from the start of the first to the end of the last step; empty: none
  std::function<void()>
      synchronize;  ///< Waits for the device; called before and after each step; may be empty
  /// After each run, whether it failed or not, not timed: ends what must not outlive it. May be empty.
  std::function<void()> release;
};

/// One side of what is compared.
struct Variant {
  std::string name;
  Workload workload;
};

struct SampleOptions {
  int warmups = 2;          ///< Untimed runs of each variant; the first of them is kept apart
  int rounds = 5;           ///< At least 3, or fewer where `runs` is less
  int runs = 5;             ///< Timed runs in all, spread over the rounds; each round has one at least
  Nanoseconds min_time{0};  ///< Further rounds until every variant was timed for this long
  int max_rounds = 1000;    ///< Bound on what min_time may ask for
  double slowdown = 1;      ///< Test aid: every timed step is stretched by this factor (docs/benchmarks.md)
};

/// What was measured of one variant.
struct Samples {
  std::map<std::string, Rounds> rounds;  ///< By metric; each has an entry for every round
  std::map<std::string, double> first;   ///< The very first run, by metric; empty with no warm-up
  std::optional<std::string> failure;    ///< Why it stopped; what was measured before is kept
  /// Highest resident memory of the process during the warm-ups of this variant (without warm-ups: during its
  /// first timed run). Null: the system cannot tell.
  std::optional<std::uint64_t> peak_rss_bytes;
};

/// What the calibration gave next to each round, by name, such as "fp32_gflops".
using Calibrations = std::map<std::string, std::vector<double>>;

struct SamplerHooks {
  /// Runs next to each round, before it; may be empty.
  std::function<std::map<std::string, double>()> calibrate;
  /// Asked before every run; true ends the measurement with what there is. May be empty.
  std::function<bool()> interrupted;
  PeakMemory* memory = nullptr;  ///< Null: peaks are not measured. Outlives the sampler
};

/// Measures variants side by side: A B A B within a round, in reverse order every other round, so that no
/// variant always follows the same one. A variant that throws keeps its error's text as its failure; the
/// others go on.
class Sampler {
 public:
  /// Lifetime: `clock` outlives the sampler.
  Sampler(std::vector<Variant> variants, const SampleOptions& options, Clock& clock, SamplerHooks hooks = {});

  /// Warm-ups of every variant. The first run of each is kept apart.
  void warm_up();
  /// One round of `runs` runs of every variant that has not failed.
  void run_round(int runs);
  /// warm_up and as many rounds as the options ask for.
  void run();

  bool was_interrupted() const { return interrupted_; }
  /// In the order of the variants.
  const std::vector<Samples>& samples() const { return samples_; }
  const Calibrations& calibrations() const { return calibrations_; }

 private:
  struct Run {
    std::map<std::string, double> values;
    Nanoseconds timed{0};
  };
  Run run_once(const Workload& workload);
  Run time_steps(const Workload& workload);
  // Only before a variant's first run: what the allocator gave back has to be asked for again, which takes
  // time.
  bool restart_peak();
  bool stop_asked();
  bool enough_time() const;

  std::vector<Variant> variants_;
  SampleOptions options_;
  Clock& clock_;
  SamplerHooks hooks_;
  std::vector<Samples> samples_;
  std::vector<Nanoseconds> timed_;
  Calibrations calibrations_;
  int rounds_done_ = 0;
  bool interrupted_ = false;
};

/// How many runs each round takes so that `runs` are spread evenly, earlier rounds first. Every round has one
/// at least.
std::vector<int> runs_per_round(int runs, int rounds);

}  // namespace da3::bench
