// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <bench/report/case_metrics.hpp>

namespace da3::bench {

std::vector<std::string_view> suite_metrics(SuiteName suite) {
  switch (suite) {
    case SuiteName::kThroughput:
      return {"forward_ms",        "images_per_s",   "efficiency",       "flops",
              "peak_tensor_bytes", "peak_rss_bytes", "peak_device_bytes"};
    case SuiteName::kLatency:
      return {"decode_ms",   "preprocess_ms", "upload_ms", "forward_ms", "backbone_ms",   "head_ms",
              "download_ms", "resize_ms",     "write_ms",  "total_ms",   "peak_rss_bytes"};
    case SuiteName::kLoad:
      return {"start_ms", "load_ms", "first_ms", "total_ms", "cached_share"};
    case SuiteName::kPreprocess:
      return {"decode_ms", "preprocess_ms", "upload_ms", "total_ms", "peak_rss_bytes"};
    case SuiteName::kAttention:
      return {"core_ms",     "layer_ms",     "core_peak_bytes", "peak_bytes",
              "core_gflops", "layer_gflops", "peak_rss_bytes"};
    case SuiteName::kBatching:
      return {"total_ms", "images_per_s", "forwards", "predicted_bytes", "peak_bytes", "peak_rss_bytes"};
    case SuiteName::kFolder:
      return {"total_ms",     "images_per_s", "forward_only_ms", "others_ms",        "overhead_share",
              "ideal_share",  "scan_share",   "decode_share",    "preprocess_share", "forward_share",
              "resize_share", "write_share",  "peak_rss_bytes"};
    case SuiteName::kVideo:
      return {"total_ms",  "images_per_s",  "decode_ms",          "forward_only_ms",
              "encode_ms", "forward_share", "overlap_efficiency", "peak_rss_bytes"};
    case SuiteName::kAccuracy:
      return {"abs_rel",       "max_rel",       "rmse_m",         "log10",         "delta1",
              "delta2",        "delta3",        "abs_rel_median", "rmse_m_median", "log10_median",
              "delta1_median", "delta2_median", "delta3_median",  "peak_rss_bytes"};
    case SuiteName::kScene:
      return {"total_ms",    "view_ms",           "forward_ms",     "backbone_ms", "head_ms",
              "points_ms",   "write_ms",          "backbone_share", "head_share",  "points_share",
              "write_share", "peak_tensor_bytes", "peak_rss_bytes"};
    case SuiteName::kSoak:
      return {"total_ms", "images_per_s", "memory_slope_bytes_per_1000", "latency_slope_per_1000",
              "peak_rss_bytes"};
  }
  return {};
}

CaseResult to_case_result(const PlannedCase& planned, const Samples& samples,
                          const Calibrations& calibrations) {
  CaseResult result;
  result.suite = planned.suite;
  result.settings = planned.settings;
  if (samples.failure) {
    result.status = CaseStatus::kFailed;
    result.reason = *samples.failure;
  }
  for (const auto& [name, rounds] : samples.rounds) {
    const std::vector<double> values = sorted_values(rounds);
    if (name.ends_with("_ms")) {
      const auto first = samples.first.find(name);
      result.set(name, Distribution{rounds, first == samples.first.end() ? std::nullopt
                                                                         : std::optional(first->second)});
    } else if (values.empty()) {
      result.set(name, Missing{"every run gave a value that is not finite"});
    } else if (name.ends_with("_bytes")) {
      result.set(name, static_cast<std::int64_t>(std::llround(values.back())));
    } else {
      result.set(name, quantile(values, 0.5));
    }
  }
  for (const auto& [name, values] : calibrations) {
    const std::vector<double> ascending = sorted_values({values});
    if (!ascending.empty()) result.calibration[name] = quantile(ascending, 0.5);
  }
  return result;
}

void add_image_rate(CaseResult& result) {
  const bool forwards = result.suite == SuiteName::kThroughput;
  const std::int64_t images = result.settings.number(forwards ? "batch" : "images");
  const auto ms = result.number(forwards ? "forward_ms" : "total_ms");
  if (images > 0 && ms && *ms > 0) result.set("images_per_s", 1000.0 * static_cast<double>(images) / *ms);
}

void complete_metrics(CaseResult& result) {
  const std::vector<std::string_view> order = suite_metrics(result.suite);
  const std::string reason = result.status == CaseStatus::kDone ? "not told here" : result.reason;
  for (const std::string_view name : order) {
    if (result.find(name) == nullptr) result.set(name, Missing{reason});
  }
  const auto rank = [&](const Metric& metric) {
    return std::find(order.begin(), order.end(), metric.name) - order.begin();
  };
  std::stable_sort(result.metrics.begin(), result.metrics.end(),
                   [&](const Metric& a, const Metric& b) { return rank(a) < rank(b); });
}

}  // namespace da3::bench
