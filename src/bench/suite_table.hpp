// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <core/text.hpp>

// The suites of `da3 bench` (docs/benchmarks.md): one row each, and one file in src/suites.
namespace da3::suites {

struct Context;
struct PreparedCase;
class GroupModels;

}  // namespace da3::suites

namespace da3::bench {

class Fields;
struct PlanFacts;
struct PlanOptions;
struct PlannedGroup;
struct Report;

/// In the order of the rows, in which they run and are reported.
enum class SuiteName {
  kThroughput,
  kLatency,
  kLoad,
  kPreprocess,
  kAttention,
  kBatching,
  kFolder,
  kVideo,
  kAccuracy,
  kScene,
  kSoak
};

/// How often the cases of a suite run.
enum class Repeats {
  kAsAsked,    ///< --warmup and --runs
  kOneWarmUp,  ///< A pass sees every shape several times, or every run is a process
  kOnce,       ///< The same input gives the same values, or one run is long
};

/// What images_per_s is, where a case has both.
struct SuiteRate {
  std::string_view images = "images";  ///< The setting that counts them
  std::string_view time = "total_ms";  ///< The metric of the time for all
};

/// Bars of a suite's cases.
struct SuiteChart {
  std::string_view title;  ///< Empty: no chart
  std::string_view unit = "ms";
  std::string_view series;                   ///< The setting that tells the bars of a group apart
  std::string_view metric;                   ///< Their length
  std::array<std::string_view, 8> stages{};  ///< Instead: metrics stacked in one bar
};

/// Advice for suites that compare variants: which value of a setting is the faster one by a metric.
struct SuiteVariants {
  std::string_view setting;  ///< Empty: none
  std::string_view metric;
  std::string_view what;  ///< "for preparing a photo"
};

/// All that is known of a suite without running it.
struct SuiteFacts {
  SuiteName suite;
  std::string_view name;                     ///< On the command line and in reports
  std::string_view title;                    ///< What is asked, for headings
  std::array<std::string_view, 16> metrics;  ///< In the order of reports; a case that lacks one says why
  std::string_view derived_ms = {};          ///< The one in ms that is not sampled but computed from others
  bool by_default = true;                    ///< Of a run that names no suite, and of --quick
  bool needs_videos = false;                 ///< Runs in da3-run-video, where there is one
  bool needs_pictures = false;               ///< Cannot run in a build without picture formats
  Repeats repeats = Repeats::kAsAsked;
  bool calibrated = false;     ///< Next to its cases the machine's matrix products are timed
  bool own_processes = false;  ///< Its cases run in processes, whose memory is not this one's
  bool of_photos = false;      ///< Advice names the photo's size instead of the processed one
  SuiteRate rate{};
  SuiteChart chart{};
  SuiteVariants variants{};
};

/// The cases, in groups that are interleaved; estimates are not set.
using ExpandSuite = std::vector<PlannedGroup>(const PlanOptions& options, const PlanFacts& facts);
/// Seconds that one run of a case takes about, on a machine whose matrix products reach `gflops`. Rough. Not
/// a number where nothing is known of the model.
using EstimateCase = double(const Fields& settings, double gflops);
/// Makes a case ready: loads models, draws pictures, writes photos. Throws: Error with the reason why it
/// cannot run.
using PrepareCase = suites::PreparedCase(const Fields& settings, const suites::Context& context,
                                         suites::GroupModels& models);
/// Adds sentences that follow from a report.
using AdviseSuite = void(const Report& report, std::vector<std::string>& advice);

struct SuiteRow {
  SuiteFacts facts;
  ExpandSuite* expand;
  EstimateCase* estimate;
  PrepareCase* prepare;
  AdviseSuite* advise = nullptr;
};

AdviseSuite advise_throughput, advise_load, advise_batching, advise_folder, advise_accuracy;

}  // namespace da3::bench

namespace da3::suites {

bench::ExpandSuite expand_throughput, expand_latency, expand_load, expand_preprocess, expand_attention,
    expand_batching, expand_folder, expand_video, expand_accuracy, expand_scene, expand_soak;
bench::EstimateCase estimate_throughput, estimate_latency, estimate_load, estimate_preprocess,
    estimate_attention, estimate_batching, estimate_folder, estimate_video, estimate_accuracy, estimate_scene,
    estimate_soak;
bench::PrepareCase prepare_throughput, prepare_latency, prepare_load, prepare_preprocess, prepare_attention,
    prepare_batching, prepare_folder, prepare_video, prepare_accuracy, prepare_scene, prepare_soak;

}  // namespace da3::suites

namespace da3::bench {

// clang-format off
/// Who links no suite uses kSuiteFacts.
inline constexpr std::array kSuiteRows = {
    SuiteRow{{.suite = SuiteName::kThroughput, .name = "throughput",
              .title = "Throughput: forward passes of independent images, by model and batch",
              .metrics = {"forward_ms", "images_per_s", "efficiency", "flops", "peak_tensor_bytes",
                          "peak_rss_bytes", "peak_device_bytes"},
              .calibrated = true,
              .rate = {.images = "batch", .time = "forward_ms"},
              .chart = {.title = "Throughput", .unit = "images per second", .series = "batch",
                        .metric = "images_per_s"}},
             suites::expand_throughput, suites::estimate_throughput, suites::prepare_throughput,
             advise_throughput},
    SuiteRow{{.suite = SuiteName::kLatency, .name = "latency",
              .title = "Latency: one photo at a time, by stage",
              .metrics = {"decode_ms", "preprocess_ms", "upload_ms", "forward_ms", "backbone_ms", "head_ms",
                          "download_ms", "resize_ms", "write_ms", "total_ms", "peak_rss_bytes"},
              .calibrated = true,
              .chart = {.title = "One photo, stage by stage",
                        .stages = {"decode_ms", "preprocess_ms", "upload_ms", "backbone_ms", "head_ms",
                                   "download_ms", "resize_ms", "write_ms"}}},
             suites::expand_latency, suites::estimate_latency, suites::prepare_latency},
    SuiteRow{{.suite = SuiteName::kLoad, .name = "load",
              .title = "Load: process start to first result, by cache",
              .metrics = {"start_ms", "load_ms", "first_ms", "total_ms", "cached_share"},
              .repeats = Repeats::kOneWarmUp, .own_processes = true,
              .chart = {.title = "From process start to the first result",
                        .stages = {"start_ms", "load_ms", "first_ms"}}},
             suites::expand_load, suites::estimate_load, suites::prepare_load, advise_load},
    SuiteRow{{.suite = SuiteName::kPreprocess, .name = "preprocess",
              .title = "Preprocessing: per image, by photo size",
              .metrics = {"decode_ms", "preprocess_ms", "upload_ms", "total_ms", "peak_rss_bytes"},
              .needs_pictures = true, .of_photos = true,
              .chart = {.title = "Preprocessing a photo", .series = "strategy", .metric = "preprocess_ms"},
              .variants = {"strategy", "total_ms", "for preparing a photo"}},
             suites::expand_preprocess, suites::estimate_preprocess, suites::prepare_preprocess},
    SuiteRow{{.suite = SuiteName::kAttention, .name = "attention",
              .title = "Attention: fused (SDPA) against written out (manual)",
              .metrics = {"core_ms", "layer_ms", "core_peak_bytes", "peak_bytes", "core_gflops",
                          "layer_gflops", "peak_rss_bytes"},
              .calibrated = true,
              .chart = {.title = "One attention layer", .series = "attention", .metric = "layer_ms"},
              .variants = {"attention", "layer_ms", "for a whole attention layer"}},
             suites::expand_attention, suites::estimate_attention, suites::prepare_attention},
    SuiteRow{{.suite = SuiteName::kBatching, .name = "batching",
              .title = "Batching: fixed sizes against the adaptive batcher",
              .metrics = {"total_ms", "images_per_s", "forwards", "predicted_bytes", "peak_bytes",
                          "peak_rss_bytes"},
              .repeats = Repeats::kOneWarmUp, .calibrated = true,
              .chart = {.title = "Many images", .series = "batch", .metric = "total_ms"}},
             suites::expand_batching, suites::estimate_batching, suites::prepare_batching, advise_batching},
    SuiteRow{{.suite = SuiteName::kFolder, .name = "folder",
              .title = "Folder: the whole program against forward passes alone",
              .metrics = {"total_ms", "images_per_s", "forward_only_ms", "command_ms", "others_ms",
                          "overhead_share", "ideal_share", "scan_share", "decode_share", "preprocess_share", "forward_share",
                          "resize_share", "write_share", "peak_rss_bytes"},
              .needs_pictures = true, .repeats = Repeats::kOneWarmUp},
             suites::expand_folder, suites::estimate_folder, suites::prepare_folder, advise_folder},
    SuiteRow{{.suite = SuiteName::kVideo, .name = "video",
              .title = "Video: the whole program against decoding, forward passes and encoding alone",
              .metrics = {"total_ms", "images_per_s", "decode_ms", "forward_only_ms", "encode_ms",
                          "forward_share", "overlap_efficiency", "peak_rss_bytes"},
              .by_default = false,  // Not every installation has FFmpeg
              .needs_videos = true,
              .needs_pictures = true, .repeats = Repeats::kOneWarmUp},
             suites::expand_video, suites::estimate_video, suites::prepare_video},
    SuiteRow{{.suite = SuiteName::kAccuracy, .name = "accuracy",
              .title = "Accuracy: difference to float32, or to measured depth",
              .metrics = {"abs_rel", "max_rel", "rmse_m", "log10", "delta1", "delta2", "delta3",
                          "abs_rel_median", "rmse_m_median", "log10_median", "delta1_median",
                          "delta2_median", "delta3_median", "peak_rss_bytes"},
              .repeats = Repeats::kOnce},
             suites::expand_accuracy, suites::estimate_accuracy, suites::prepare_accuracy, advise_accuracy},
    SuiteRow{{.suite = SuiteName::kScene, .name = "scene",
              .title = "Scene: several views together, from pictures to points and files",
              .metrics = {"total_ms", "view_ms", "forward_ms", "backbone_ms", "head_ms", "points_ms",
                          "write_ms", "backbone_share", "head_share", "points_share", "write_share",
                          "peak_tensor_bytes", "peak_rss_bytes"},
              .derived_ms = "view_ms",
              .by_default = false,  // Takes long
              .needs_pictures = true, .repeats = Repeats::kOneWarmUp, .calibrated = true},
             suites::expand_scene, suites::estimate_scene, suites::prepare_scene},
    SuiteRow{{.suite = SuiteName::kSoak, .name = "soak", .title = "Soak: many images of changing shapes",
              .metrics = {"total_ms", "images_per_s", "memory_slope_bytes_per_1000",
                          "latency_slope_per_1000", "peak_rss_bytes"},
              .by_default = false,  // Takes long
              .repeats = Repeats::kOnce},
             suites::expand_soak, suites::estimate_soak, suites::prepare_soak},
};
// clang-format on

/// The rows' facts, without a reference to a function.
inline constexpr auto kSuiteFacts = [] {
  std::array<SuiteFacts, kSuiteRows.size()> facts{};
  std::ranges::transform(kSuiteRows, facts.begin(), &SuiteRow::facts);
  return facts;
}();
/// What a suite advises, without a reference to its other functions.
struct SuiteAdvice {
  SuiteName suite;
  AdviseSuite* advise;
};
inline constexpr auto kSuiteAdvice = [] {
  std::array<SuiteAdvice, kSuiteRows.size()> advice{};
  std::ranges::transform(kSuiteRows, advice.begin(),
                         [](const SuiteRow& row) { return SuiteAdvice{row.facts.suite, row.advise}; });
  return advice;
}();
static_assert(std::ranges::is_sorted(kSuiteFacts, {}, &SuiteFacts::suite) &&
                  kSuiteFacts.back().suite == SuiteName{kSuiteFacts.size() - 1},
              "rows are in the order of the enumerators, each once");

inline constexpr const SuiteFacts& facts_of(SuiteName suite) {
  return kSuiteFacts[static_cast<std::size_t>(suite)];
}

/// For those who link the suites.
inline const SuiteRow& row_of(SuiteName suite) {
  return kSuiteRows[static_cast<std::size_t>(suite)];
}

inline constexpr std::string_view to_string(SuiteName suite) {
  return facts_of(suite).name;
}

/// The names of the suites for which `included` is true, such as "video, scene and soak".
template <typename Predicate>
std::string suite_names(Predicate included, std::string_view last = " and ") {
  std::vector<std::string_view> names;
  for (const SuiteFacts& facts : kSuiteFacts) {
    if (included(facts)) names.push_back(facts.name);
  }
  return core::listed(names, last);
}

/// Throws: Error kUsage with the names that exist.
SuiteName parse_suite(std::string_view text);

/// Every suite, in order.
std::vector<SuiteName> all_suites();

/// The metrics of a suite in the order of reports.
std::vector<std::string_view> suite_metrics(SuiteName suite);

}  // namespace da3::bench
