// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <bench/report/report.hpp>

namespace da3::bench {

/// A throughput case of da3-small whose forwards took `rounds` milliseconds.
inline CaseResult throughput_case(std::int64_t batch, const std::string& attention, Rounds rounds,
                                  const std::string& device = "cpu", std::int64_t threads = 2) {
  CaseResult result;
  result.suite = SuiteName::kThroughput;
  result.settings = {{"model", "da3-small"},        {"weights", "synthetic"},     {"device", device},
                     {"precision", "fp32"},         {"attention", attention},     {"batch", batch},
                     {"height", std::int64_t{280}}, {"width", std::int64_t{504}}, {"threads", threads}};
  Distribution forward{std::move(rounds), 400.0};
  const double median = forward.summary().median.value_or(0);
  result.set("forward_ms", forward);
  result.set("images_per_s", median > 0 ? 1000.0 * static_cast<double>(batch) / median : 0.0);
  result.set("peak_rss_bytes", std::int64_t{600000000});
  result.set("peak_device_bytes", Missing{"a CPU has no separate memory"});
  result.calibration = {{"fp32_gflops", 170.0}};
  return result;
}

/// A report of a machine with that processor.
inline Report sample_report(std::vector<CaseResult> cases, const std::string& cpu = "Example 9000") {
  Report report;
  report.tool = {"da3", "0.1.0", "abc", "Release", "GNU 12"};
  report.environment.date_utc = "2026-11-23T04:00:00Z";
  report.environment.command_line = {"da3", "bench"};
  report.environment.cpu_model = cpu;
  report.environment.logical_cores = 2;
  report.environment.memory_bytes = 8ULL << 30U;
  report.environment.threads = 2;
  report.environment.devices = {{"cpu", "", "", std::nullopt}};
  report.calibration = {{"fp32_gflops", 170.0}};
  report.cases = std::move(cases);
  return report;
}

}  // namespace da3::bench
