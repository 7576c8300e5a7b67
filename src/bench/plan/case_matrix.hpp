// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <bench/plan/plan.hpp>

namespace da3::bench {

inline constexpr int kDefaultProcessRes = 504;
inline constexpr int kQuickProcessRes = 280;

/// The cases of a suite, in groups that are interleaved. `options` has its defaults filled in; estimates are
/// not set.
std::vector<PlannedGroup> expand_suite(SuiteName suite, const PlanOptions& options, const PlanFacts& facts);

}  // namespace da3::bench
