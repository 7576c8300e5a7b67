// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <bench/against/worker.hpp>
#include <bench/compare/compare.hpp>
#include <bench/plan/plan.hpp>
#include <bench/report/report.hpp>

namespace da3::bench {

/// Two programs measured side by side: reports with the same number of rounds, of which round i of both ran
/// one after the other. Compare them with Pairing::kByRound.
struct SideBySide {
  Report base;
  Report now;
  bool interrupted = false;  ///< The rounds that were whole are kept
};

/// How far a group is.
struct AgainstProgress {
  const PlannedGroup* group = nullptr;
  int rounds_done = 0;
  int rounds = 0;  ///< --min-time may add some
};

struct AgainstHooks {
  std::function<void(const AgainstProgress&)> on_round;  ///< Before each group and after each round
  std::function<void(const SideBySide&)> on_result;      ///< After each group, for saving
  std::function<bool()> interrupted;                     ///< Asked before each round
};

/// Throws: Error kUsage for a limit that no case of the plan could be judged by: before hours are spent on
/// it.
void require_limits(const Plan& plan, const std::vector<FailLimit>& limits);

/// Starts a process of one of the two programs.
using StartWorker = std::function<std::unique_ptr<Worker>()>;

/// Runs every group of the plan in both programs, A B, B A, A B, each time in new processes, because where a
/// process happens to lie in memory can move its times by several percent for as long as it lives. Rounds,
/// runs, warm-ups and least time are sample_options of the plan. Throws: Error kUsage if a worker cannot be
/// started or dies.
SideBySide measure_against(const Plan& plan, const StartWorker& base, const StartWorker& now,
                           const AgainstHooks& hooks = {});

}  // namespace da3::bench
