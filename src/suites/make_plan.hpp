// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bench/plan/plan.hpp>

namespace da3::suites {

/// The matrix of cases, suite by suite. With a budget, the first group of every suite is kept and further
/// groups as long as the estimates fit; the rest is listed in left_out. Throws: Error kUsage for counts that
/// make no sense.
bench::Plan make_plan(const bench::PlanOptions& options, const bench::PlanFacts& facts);

}  // namespace da3::suites
