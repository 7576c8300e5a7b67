// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <da3/image.hpp>

#include <bench/measure/sampler.hpp>
#include <bench/plan/plan_options.hpp>
#include <bench/report/report.hpp>

namespace da3::bench {

/// The setting `data` of accuracy where pictures are drawn; else it lists photos.
inline constexpr const char* kDrawnData = "drawn";
/// The setting of accuracy against measured depth: the folder.
inline constexpr const char* kDatasetSetting = "dataset";
/// The setting `precision` where two programs are measured side by side, each in the one that it takes by
/// itself.
inline constexpr const char* kDefaultPrecision = "default";

/// What the plan has to know about models and devices; given by the caller, since it means asking the engine.
struct PlanFacts {
  std::function<std::string(const std::string& model)> weights;  ///< "published", "synthetic"
  /// Whether it offers both modes of attention; may be empty: all do.
  std::function<bool(const std::string& model)> offers_attention;
  std::function<Precision(const DeviceId& device)> default_precision;
  std::function<int(const DeviceId& device)> default_threads;
  std::function<Size(const std::string& model, Size photo, int process_res)> processed_size;
  /// Strategies of preprocessing for `device`: "cpu", "device", "nvjpeg".
  std::function<std::vector<std::string>(const DeviceId& device)> strategies;
  /// How many photos a folder of `datasets` has; may be empty if there is none.
  std::function<int(const std::string& dataset)> dataset_photos;
  std::function<double(const struct PlannedCase&)> run_seconds;  ///< One run; may be empty: no estimates
};

struct PlannedCase {
  SuiteName suite = SuiteName::kThroughput;
  Fields settings;
  double estimate_s = 0;  ///< Warm-ups and runs together
};

/// Cases that are measured together, interleaved.
struct PlannedGroup {
  SuiteName suite = SuiteName::kThroughput;
  std::vector<PlannedCase> cases;
  double estimate_s() const;
};

struct Plan {
  PlanOptions options;  ///< With every default filled in
  std::vector<PlannedGroup> groups;
  std::vector<LeftOut> left_out;
  double estimate_s() const;
  PlanEcho echo() const;
};

/// Its name, or kDefaultPrecision.
std::string to_text(const std::optional<Precision>& precision);

/// `options` with defaults filled in. Throws: Error kUsage for counts that make no sense.
PlanOptions with_defaults(PlanOptions options);

/// Runs and warm-ups for a suite's cases (SuiteFacts::repeats).
SampleOptions sample_options(const PlanOptions& options, SuiteName suite);

}  // namespace da3::bench
