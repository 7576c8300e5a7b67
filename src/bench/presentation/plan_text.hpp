// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <bench/plan/plan.hpp>

namespace da3::bench {

/// The plan with estimates, suite by suite, then what is left out; for --dry-run.
std::string format_plan(const Plan& plan);

}  // namespace da3::bench
