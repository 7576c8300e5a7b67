// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <da3/image.hpp>

#include <bench/measure/sampler.hpp>
#include <bench/report/report.hpp>

namespace da3::bench {

/// The setting `data` of accuracy where pictures are drawn; else it lists photos.
inline constexpr const char* kDrawnData = "drawn";
/// The setting of accuracy against measured depth: the folder.
inline constexpr const char* kDatasetSetting = "dataset";
/// The setting `precision` where two programs are measured side by side, each in the one that it takes by
/// itself.
inline constexpr const char* kDefaultPrecision = "default";
/// The setting `attention` of models that offer no choice.
inline constexpr const char* kFixedAttention = "fixed";

/// What to measure. An empty list or 0 stands for the default, which --quick makes smaller.
struct PlanOptions {
  std::vector<SuiteName> suites;  ///< All but video, scene and soak
  std::vector<SuiteName> skipped_suites;
  std::vector<std::string> models;      ///< da3-small and da3-base
  std::vector<std::string> devices;     ///< "cpu"
  std::vector<std::string> precisions;  ///< The device's own, also called "default"
  std::vector<std::string> attention;   ///< Both where modes are compared, else sdpa
  std::vector<int> batches;             ///< 1, 2, 4, 8
  std::vector<Size> image_sizes;        ///< The photos: 1280x720; preprocess has three of its own
  std::vector<int> process_res;         ///< 504
  std::vector<int> threads;             ///< The machine's own
  std::vector<int> tokens;              ///< Of the attention suite
  std::vector<std::string> photos;      ///< Of accuracy, instead of drawn pictures
  std::vector<std::string> datasets;  ///< Folders with ground truth for accuracy, besides the drawn pictures
  int images = 0;                     ///< Of batching and folder: 20
  int soak_images = 0;                ///< 2000
  int runs = 0;                       ///< 5; side by side 3 a round
  int rounds = 0;                     ///< 5; side by side 12; never more than runs
  int warmups = -1;                   ///< 2; below 0: the default
  Nanoseconds min_time{0};
  bool quick = false;
  bool side_by_side = false;  ///< Two programs in turn (measure_against): a process each a round
  double budget_s = 0;        ///< 240 with --quick, else none
};

/// What the plan has to know about models and devices; given by the caller, since it means asking the engine.
struct PlanFacts {
  std::function<std::string(const std::string& model)> weights;  ///< "published", "synthetic"
  /// Whether it offers both modes of attention; may be empty: all do.
  std::function<bool(const std::string& model)> offers_attention;
  std::function<std::string(const std::string& device)> default_precision;
  std::function<int(const std::string& device)> default_threads;
  std::function<Size(const std::string& model, Size photo, int process_res)> processed_size;
  /// Strategies of preprocessing that can run beside `device`: "cpu", "device", "nvjpeg".
  std::function<std::vector<std::string>(const std::string& device)> strategies;
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

/// `options` with defaults filled in. Throws: Error kUsage for counts that make no sense.
PlanOptions with_defaults(PlanOptions options);

/// The matrix of cases, suite by suite. With a budget, the first group of every suite is kept and further
/// groups as long as the estimates fit; the rest is listed in left_out.
Plan make_plan(const PlanOptions& options, const PlanFacts& facts);

/// Runs and warm-ups for a suite's cases: passes over many images are warmed up once, accuracy is computed
/// once.
SampleOptions sample_options(const PlanOptions& options, SuiteName suite);

}  // namespace da3::bench
