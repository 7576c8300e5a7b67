// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <bench/report/report.hpp>

namespace da3::bench {

/// Advice that follows from the figures of one report, each sentence with the numbers it rests on; nothing is
/// said where the intervals show no difference, except that none was shown.
std::vector<std::string> recommend(const Report& report);

}  // namespace da3::bench
