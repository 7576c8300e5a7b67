// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

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

/// Rounds of a comparison between programs: enough for a 10 % slow-down to stand out of run-to-run noise of 3
/// %.
inline constexpr int kAgainstRounds = 15;

struct AgainstHooks {
  std::function<void(const PlannedGroup&)> on_group;  ///< Before each group
  std::function<void(const SideBySide&)> on_result;   ///< After each group, for saving
  std::function<bool()> interrupted;
};

/// Runs every group of the plan in both workers, A B, B A, A B, one round each in turn.
/// Throws: Error kUsage if a worker dies, kInterrupted.
SideBySide measure_against(const Plan& plan, Worker& base, Worker& now, const AgainstHooks& hooks = {});

}  // namespace da3::bench
