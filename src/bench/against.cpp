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
  Worker* worker = nullptr;
  Report* report = nullptr;
  std::vector<WorkerCase> cases;
  std::vector<Samples> samples;
  Calibrations calibrations;
};

void open(Side& side, const PlannedGroup& group, int warmups) {
  side.cases = side.worker->open(group, warmups);
  side.samples.assign(group.cases.size(), {});
  side.calibrations.clear();
  for (std::size_t i = 0; i < side.cases.size(); ++i) side.samples[i].failure = side.cases[i].failure;
}

void run_round(Side& side, std::size_t round) {
  const WorkerRound values = side.worker->round(1);
  for (std::size_t i = 0; i < values.cases.size() && i < side.samples.size(); ++i) {
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

SideBySide measure_against(const Plan& plan, Worker& base, Worker& now, const AgainstHooks& hooks) {
  SideBySide result;
  result.base.tool = base.tool();
  result.base.environment = base.environment();
  result.now.tool = now.tool();
  result.now.environment = now.environment();
  result.base.plan = result.now.plan = plan.echo();
  Side sides[] = {{&base, &result.base, {}, {}, {}}, {&now, &result.now, {}, {}, {}}};
  const int rounds = std::max(kAgainstRounds, plan.options.runs);
  for (const PlannedGroup& group : plan.groups) {
    if (hooks.on_group) hooks.on_group(group);
    for (Side& side : sides) open(side, group, plan.options.warmups);
    for (int round = 0; round < rounds; ++round) {
      if (hooks.interrupted && hooks.interrupted())
        throw Error(ErrorCode::kInterrupted, "the benchmark was interrupted");
      const int first = round % 2;
      run_round(sides[first], static_cast<std::size_t>(round));
      run_round(sides[1 - first], static_cast<std::size_t>(round));
    }
    for (Side& side : sides) finish(side, group);
    if (hooks.on_result) hooks.on_result(result);
  }
  return result;
}

}  // namespace da3::bench
