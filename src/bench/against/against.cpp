// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include <bench/against/against.hpp>
#include <bench/report/case_metrics.hpp>
#include <bench/report/warnings.hpp>

namespace da3::bench {
namespace {

struct Side {
  const StartWorker* start = nullptr;
  Report* report = nullptr;
  std::vector<WorkerCase> cases;
  std::vector<Samples> samples;
  Calibrations calibrations;      ///< Of the group
  Calibrations all_calibrations;  ///< Of the whole run
};

void begin(Side& side, const PlannedGroup& group) {
  side.cases.assign(group.cases.size(), {});
  side.samples.assign(group.cases.size(), {});
  side.calibrations.clear();
}

// The first worker of a side tells what the report begins with.
void introduce(Side& side, Worker& worker) {
  if (!side.report->tool.version.empty()) return;
  side.report->tool = worker.tool();
  side.report->environment = worker.whole_environment();
  for (Warning& warning : judge_environment(side.report->tool, side.report->environment)) {
    side.report->warnings.push_back(std::move(warning));
  }
}

// One process from its start to its end.
void run_round(Side& side, const PlannedGroup& group, int warmups, int runs, std::size_t round) {
  const std::unique_ptr<Worker> worker = (*side.start)();
  introduce(side, *worker);
  side.cases = worker->open(group, warmups);
  side.cases.resize(group.cases.size());
  const WorkerRound values = worker->round(runs);
  for (std::size_t i = 0; i < side.samples.size(); ++i) {
    if (side.cases[i].failure) side.samples[i].failure = side.cases[i].failure;
    if (i >= values.cases.size()) continue;
    if (values.failures[i]) side.samples[i].failure = values.failures[i];
    for (const auto& [metric, list] : values.cases[i]) {
      Rounds& rounds = side.samples[i].rounds[metric];
      rounds.resize(std::max(rounds.size(), round + 1));
      rounds[round] = list;
    }
  }
  for (const auto& [name, value] : values.calibration) {
    side.calibrations[name].push_back(value);
    side.all_calibrations[name].push_back(value);
  }
}

void finish(Side& side, const PlannedGroup& group) {
  for (std::size_t i = 0; i < group.cases.size(); ++i) {
    CaseResult result = to_case_result(group.cases[i], side.samples[i], side.calibrations);
    result.facts = side.cases[i].facts;
    add_image_rate(result);
    complete_metrics(result);
    for (const Warning& warning : judge_case(result)) side.report->warnings.push_back(warning);
    side.report->cases.push_back(std::move(result));
  }
  for (const auto& [name, values] : side.all_calibrations) {
    side.report->calibration[name] = quantile(sorted_values({values}), 0.5);
  }
}

bool all_failed(const Side& side) {
  return std::all_of(side.samples.begin(), side.samples.end(),
                     [](const Samples& each) { return each.failure.has_value(); });
}

// A case that one program cannot run is compared with nothing: the other one's time is spared.
void fail_unpaired(Side& side) {
  for (Samples& each : side.samples) {
    if (!each.failure) each.failure = "not compared: the other program failed";
  }
}

// The longest metric's samples together: parts of a run are metrics too.
double timed_ms(const Samples& samples) {
  double longest = 0;
  for (const auto& [metric, rounds] : samples.rounds) {
    if (!metric.ends_with("_ms")) continue;
    const std::vector<double> values = sorted_values(rounds);
    longest = std::max(longest, std::accumulate(values.begin(), values.end(), 0.0));
  }
  return longest;
}

bool enough_time(const Side& side, Nanoseconds least) {
  return std::all_of(side.samples.begin(), side.samples.end(), [&](const Samples& each) {
    return each.failure || timed_ms(each) >= milliseconds(least);
  });
}

}  // namespace

SideBySide measure_against(const Plan& plan, const StartWorker& base, const StartWorker& now,
                           const AgainstHooks& hooks) {
  SideBySide result;
  result.now.plan = plan.echo();
  result.now.plan.options.set(kInTurns, true);
  result.base.plan = result.now.plan;
  Side sides[] = {{&base, &result.base, {}, {}, {}, {}}, {&now, &result.now, {}, {}, {}, {}}};
  for (const PlannedGroup& group : plan.groups) {
    const SampleOptions options = sample_options(plan.options, group.suite);
    const std::vector<int> spread = runs_per_round(options.runs, std::min(options.rounds, options.runs));
    const auto planned = static_cast<int>(spread.size());
    int done = 0;
    const auto tell = [&] {
      if (hooks.on_round) hooks.on_round({&group, done, std::max(planned, done)});
    };
    const auto wanted = [&] {
      if (done < planned) return true;
      return done < options.max_rounds &&
             !(enough_time(sides[0], options.min_time) && enough_time(sides[1], options.min_time));
    };
    for (Side& side : sides) begin(side, group);
    tell();
    bool comparable = true;
    while (comparable && wanted() && !result.interrupted) {
      if (hooks.interrupted && hooks.interrupted()) {
        result.interrupted = true;
        break;
      }
      const int first = done % 2;
      const int runs = spread[static_cast<std::size_t>(std::min(done, planned - 1))];
      for (Side* side : {&sides[first], &sides[1 - first]}) {
        if (!comparable) {
          fail_unpaired(*side);
          continue;
        }
        run_round(*side, group, options.warmups, runs, static_cast<std::size_t>(done));
        comparable = !all_failed(*side);
      }
      ++done;
      tell();
    }
    for (Side& side : sides) {
      if (done > 0) finish(side, group);
    }
    // A program that does not tell its devices runs on the same machine all the same.
    for (Report* report : {&result.base, &result.now}) {
      const Report& other = report == &result.base ? result.now : result.base;
      if (report->environment.devices.empty()) report->environment.devices = other.environment.devices;
    }
    if (hooks.on_result) hooks.on_result(result);
    if (result.interrupted) break;
  }
  return result;
}

}  // namespace da3::bench
