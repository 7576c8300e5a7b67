// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <bench/compare/compare.hpp>

namespace da3::bench {

/// A case of the base and the same of the new report. Lifetime: the reports.
struct Pair {
  const CaseResult* base = nullptr;
  const CaseResult* now = nullptr;
};

/// A case that was done in the base and is not in the new report.
struct LostCase {
  const CaseResult* base = nullptr;
  std::string why;  ///< "failed in the new report (it crashed)"
};

struct Matches {
  std::vector<Pair> done;  ///< In both
  std::vector<LostCase> lost;
};

/// Finds the cases of the base in the new report; names in `comparison` those that are in one of them only,
/// and those that failed or were skipped.
Matches match_cases(const Report& base, const Report& now, Comparison& comparison);

/// What keeps the two cases apart that have most in common; empty: no suite has done cases in both.
std::string nearest_miss(const Report& base, const Report& now, bool same_machine);

}  // namespace da3::bench
