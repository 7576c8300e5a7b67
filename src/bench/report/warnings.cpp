// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>

#include <bench/plan/plan.hpp>
#include <bench/report/warnings.hpp>

namespace da3::bench {
namespace {

constexpr double kNoisyIqr = 0.10;  // of the median
constexpr double kJudgedMs = 1;     // shorter stages are noise themselves
constexpr std::size_t kFewestRuns = 3;
constexpr double kForeignCores = 0.10;
constexpr double kQuotaShare = 0.01;  // of the time measured
constexpr const char* kMachine = "machine";

std::string percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.0f %%", 100 * share);
  return text.data();
}

std::string cores(double count) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f cores", count);
  return text.data();
}

// Accuracy is computed, not timed: one value is all there is.
bool is_timed(const Metric& metric) {
  return metric.name.ends_with("_ms");
}

}  // namespace

std::string case_name(const CaseResult& result) {
  return std::string(to_string(result.suite)) + " " + to_text(result.settings);
}

std::vector<Warning> judge_case(const CaseResult& result) {
  std::vector<Warning> warnings;
  const auto warn = [&](const char* code, const Metric& metric, const std::string& what, const char* advice) {
    warnings.push_back({code, case_name(result), metric.name + ": " + what, advice});
  };
  const Metric* noisiest = nullptr;
  double noise = kNoisyIqr;
  const Metric* scarcest = nullptr;
  std::size_t fewest = kFewestRuns;
  for (const Metric& metric : result.metrics) {
    const auto* samples = std::get_if<Distribution>(&metric.value);
    if (samples == nullptr || !is_timed(metric)) continue;
    const Summary summary = samples->summary();
    if (summary.non_finite > 0) {
      warn("not_finite", metric, std::to_string(summary.non_finite) + " values are not finite",
           "look for a stage that could not be timed");
    }
    if (summary.n < fewest) {
      scarcest = &metric;
      fewest = summary.n;
    }
    if (summary.n < kFewestRuns || *summary.median < kJudgedMs || *summary.iqr <= noise * *summary.median)
      continue;
    noisiest = &metric;
    noise = *summary.iqr / *summary.median;
  }
  if (scarcest != nullptr && result.suite != SuiteName::kSoak) {
    warn("few_runs", *scarcest, std::to_string(fewest) + " timed runs, too few to judge the spread",
         "give --runs 5 or more");
  }
  if (noisiest != nullptr) {
    warn("noise", *noisiest, "the middle half of the runs spreads over " + percent(noise) + " of the median",
         "end other work on this machine, or give more --runs");
  }
  if (result.facts.text("page_cache_dropped") == "no") {
    warnings.push_back({"page_cache", case_name(result),
                        "the system kept " + percent(result.number("cached_share").value_or(1)) +
                            " of the model's file in memory, so this start was not cold",
                        "end other processes that use the model, or put its file on a local disk"});
  }
  if (result.suite == SuiteName::kAccuracy && result.settings.text("weights") == "synthetic" &&
      result.settings.find(kDatasetSetting) != nullptr) {
    warnings.push_back(
        {"synthetic_weights", case_name(result),
         "the weights are synthetic, so errors against measured depth say nothing about the model",
         "install it with da3 model pull, or name a file with -m"});
  }
  return warnings;
}

std::vector<Warning> judge_environment(const ToolInfo& tool, const Environment& environment) {
  std::vector<Warning> warnings;
  if (tool.build_type == "Debug" || tool.build_type.empty()) {
    warnings.push_back({"debug_build", "tool",
                        "this is a build without optimisation (" + tool.build_type + ")",
                        "build the release preset; these figures say nothing about it"});
  }
  if (environment.power_source == "battery") {
    warnings.push_back({"battery", kMachine, "the machine runs on its battery", "plug it in"});
  }
  if (environment.cpu_governor == "powersave") {
    warnings.push_back({"governor", kMachine, "the processor's frequency governor is 'powersave'",
                        "choose 'performance' while measuring"});
  }
  const int usable = environment.allowed_cores.value_or(environment.logical_cores);
  const double limit = environment.cgroup_cpu_limit.value_or(usable);
  if (environment.threads > usable || environment.threads > limit + 0.5) {
    warnings.push_back(
        {"oversubscribed", kMachine,
         std::to_string(environment.threads) + " threads on " + cores(std::min<double>(usable, limit)),
         "give --threads no more than the cores that this process may use"});
  }
  return warnings;
}

std::vector<Warning> judge_disturbance(const MachineState& before, const MachineState& after) {
  std::vector<Warning> warnings;
  const double wall = after.uptime_seconds.value_or(0) - before.uptime_seconds.value_or(0);
  if (wall > 0 && before.busy_core_seconds && after.busy_core_seconds && before.own_core_seconds &&
      after.own_core_seconds) {
    const double all = *after.busy_core_seconds - *before.busy_core_seconds;
    const double own = *after.own_core_seconds - *before.own_core_seconds;
    const double foreign = (all - own) / wall;
    if (foreign > kForeignCores) {
      warnings.push_back({"foreign_load", kMachine, "other processes used " + cores(foreign) + " on average",
                          "end them and measure again"});
    }
  }
  if (before.swapped_pages && after.swapped_pages && *after.swapped_pages > *before.swapped_pages) {
    warnings.push_back(
        {"swap", kMachine,
         std::to_string(*after.swapped_pages - *before.swapped_pages) + " pages went to or from swap",
         "free memory, or measure smaller models and batches"});
  }
  if (before.throttle_events && after.throttle_events && *after.throttle_events > *before.throttle_events) {
    warnings.push_back({"throttling", kMachine, "the processor slowed itself down for heat",
                        "let it cool, better its cooling, or measure fewer threads"});
  }
  if (wall > 0 && before.quota_wait_seconds && after.quota_wait_seconds &&
      *after.quota_wait_seconds - *before.quota_wait_seconds > kQuotaShare * wall) {
    warnings.push_back({"quota", kMachine, "the control group's processor limit held this process back",
                        "give --threads no more than the limit, or raise it"});
  }
  return warnings;
}

}  // namespace da3::bench
