// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include <bench/plan.hpp>
#include <bench/report.hpp>
#include <bench/worker.hpp>

namespace da3::bench {

/// Two programs measured side by side: reports with the same number of rounds, of which round i of both ran
/// one after the other. Compare them with Pairing::kByRound.
struct SideBySide {
  Report base;
  Report now;
};

/// Rounds of a comparison between programs. Each is a fresh pair of processes, because where a process
/// happens to lie in memory can move its times by several percent for as long as it lives.
inline constexpr int kAgainstRounds = 12;

/// Timed runs of a case in a round.
inline constexpr int kAgainstRunsPerRound = 3;

struct AgainstHooks {
  std::function<void(const PlannedGroup&)> on_group;  ///< Before each group
  std::function<void(const SideBySide&)> on_result;   ///< After each group, for saving
  std::function<bool()> interrupted;
};

/// Starts a process of one of the two programs.
using StartWorker = std::function<std::unique_ptr<Worker>()>;

/// Runs every group of the plan in both programs, A B, B A, A B, each time in new processes.
/// Throws: Error kUsage if a worker cannot be started or dies, kInterrupted.
SideBySide measure_against(const Plan& plan, const StartWorker& base, const StartWorker& now,
                           const AgainstHooks& hooks = {});

}  // namespace da3::bench
