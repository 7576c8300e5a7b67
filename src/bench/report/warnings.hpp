// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <bench/measure/machine_state.hpp>
#include <bench/report/report.hpp>

namespace da3::bench {

/// "throughput model=da3-small batch=4".
std::string case_name(const CaseResult& result);

/// Warnings about one case: the noisiest of its times of 1 ms and more if its IQR is above 10 % of the
/// median, fewer than three timed runs, values that are not finite.
std::vector<Warning> judge_case(const CaseResult& result);

/// Warnings about how and where the program runs: debug build, battery, a power-saving governor, fewer cores
/// than threads.
std::vector<Warning> judge_environment(const ToolInfo& tool, const Environment& environment);

/// Warnings about what happened between two states: load from others above a tenth of a core, swapping,
/// throttling by heat or by the control group.
std::vector<Warning> judge_disturbance(const MachineState& before, const MachineState& after);

}  // namespace da3::bench
