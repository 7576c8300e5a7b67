// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <da3/error.hpp>

#include <bench/against.hpp>
#include <bench/case_metrics.hpp>
#include <bench/warnings.hpp>

namespace da3::bench {
namespace {

struct Side {
  const StartWorker* start = nullptr;
  Report* report = nullptr;
  std::vector<WorkerCase> cases;
  std::vector<Samples> samples;
  Calibrations calibrations;
};

void begin(Side& side, const PlannedGroup& group) {
  side.cases.clear();
  side.samples.assign(group.cases.size(), {});
  side.calibrations.clear();
}

// One process from its start to its end.
void run_round(Side& side, const PlannedGroup& group, int warmups, std::size_t round) {
  const std::unique_ptr<Worker> worker = (*side.start)();
  side.report->tool = worker->tool();
  side.report->environment = worker->environment();
  side.cases = worker->open(group, warmups);
  side.cases.resize(group.cases.size());
  const WorkerRound values = worker->round(kAgainstRunsPerRound);
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
  for (const auto& [name, value] : values.calibration) side.calibrations[name].push_back(value);
}

void finish(Side& side, const PlannedGroup& group) {
  for (std::size_t i = 0; i < group.cases.size(); ++i) {
    CaseResult result = to_case_result(group.cases[i], side.samples[i], side.calibrations);
    result.facts = side.cases[i].facts;
    for (const Warning& warning : judge_case(result)) side.report->warnings.push_back(warning);
    side.report->cases.push_back(std::move(result));
  }
}

}  // namespace

SideBySide measure_against(const Plan& plan, const StartWorker& base, const StartWorker& now,
                           const AgainstHooks& hooks) {
  SideBySide result;
  result.base.plan = result.now.plan = plan.echo();
  Side sides[] = {{&base, &result.base, {}, {}, {}}, {&now, &result.now, {}, {}, {}}};
  for (const PlannedGroup& group : plan.groups) {
    if (hooks.on_group) hooks.on_group(group);
    for (Side& side : sides) begin(side, group);
    for (int round = 0; round < kAgainstRounds; ++round) {
      if (hooks.interrupted && hooks.interrupted()) {
        throw Error(ErrorCode::kInterrupted, "the benchmark was interrupted");
      }
      const int first = round % 2;
      for (Side* side : {&sides[first], &sides[1 - first]}) {
        run_round(*side, group, plan.options.warmups, static_cast<std::size_t>(round));
      }
    }
    for (Side& side : sides) finish(side, group);
    if (hooks.on_result) hooks.on_result(result);
  }
  return result;
}

}  // namespace da3::bench
