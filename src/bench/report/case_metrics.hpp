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

/// Adds images_per_s: the setting `count` images in the time of the metric `time`.
void add_image_rate(CaseResult& result, std::string_view count = "images",
                    std::string_view time = "total_ms");

/// Adds Missing for the suite's metrics that the case lacks and puts all in the suite's order; others follow
/// by name.
void complete_metrics(CaseResult& result);

}  // namespace da3::bench
