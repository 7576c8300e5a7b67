// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include <bench/measure/sampler.hpp>
#include <bench/plan/plan.hpp>
#include <bench/report/report.hpp>

namespace da3::bench {

/// What was sampled, as a case: "_ms" metrics keep their samples, "_bytes" become their highest value, others
/// their median. Then the suite's order, the median calibration, and status failed with the reason if the
/// variant failed.
CaseResult to_case_result(const PlannedCase& planned, const Samples& samples,
                          const Calibrations& calibrations);

/// Adds images_per_s where the case says how many images one of its times is for (SuiteFacts::rate).
void add_image_rate(CaseResult& result);

/// Adds Missing for the suite's metrics that the case lacks and puts all in the suite's order; others follow
/// by name.
void complete_metrics(CaseResult& result);

}  // namespace da3::bench
