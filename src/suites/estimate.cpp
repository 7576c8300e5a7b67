// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <suites/context.hpp>
#include <suites/estimate.hpp>
#include <suites/flops.hpp>

namespace da3::suites {
namespace {

// Shares of the calibration, and times of what no calibration tells, between those of the machines in
// docs/benchmarks.md.
constexpr double kForwardEfficiency = 0.75;
constexpr double kAttentionEfficiency = 0.5;
constexpr double kManualFactor = 2;
constexpr double kReadSecondsPerPixel = 8e-9;    // decoding and preprocessing a JPEG
constexpr double kWriteSecondsPerPixel = 60e-9;  // png16 and vis
constexpr double kVideoSecondsPerPixel = 60e-9;  // decoding and encoding, within the run and alone
constexpr double kStartSeconds = 0.5;            // a process and its model

double forward_seconds(const weights::NetworkConfig& config, Size size, double gflops) {
  return forward_flops(config, size) / (kForwardEfficiency * gflops * 1e9);
}

double photo_pixels(const bench::Fields& settings) {
  return static_cast<double>(settings.number("photo_height") * settings.number("photo_width"));
}

double read_seconds(const bench::Fields& settings) {
  return kReadSecondsPerPixel * photo_pixels(settings);
}

double write_seconds(const bench::Fields& settings) {
  return kWriteSecondsPerPixel * photo_pixels(settings);
}

Size size_of(const bench::Fields& settings) {
  if (settings.number("height") > 0) return processed_size_of(settings);
  return patched_size(static_cast<int>(settings.number("process_res")), weights::kPatchSize, 9.0 / 16, 1);
}

double attention_seconds(const weights::BackboneConfig& backbone, const bench::Fields& settings,
                         double gflops) {
  const std::int64_t tokens = settings.number("tokens");
  const double flops = attention_core_flops(tokens, backbone.num_heads, backbone.head_dim()) +
                       attention_layer_flops(tokens, backbone.num_heads, backbone.head_dim());
  return flops / (kAttentionEfficiency * gflops * 1e9) *
         (settings.text("attention") == "manual" ? kManualFactor : 1);
}

}  // namespace

std::optional<double> estimate_forward_seconds(const ModelSpec& model, Size size, int views, double gflops) {
  const std::optional<double> flops = forward_flops(model, size, views);
  if (!flops) return std::nullopt;
  return *flops / (kForwardEfficiency * gflops * 1e9);
}

double estimate_run_seconds(const bench::PlannedCase& planned, double gflops) {
  const bench::Fields& settings = planned.settings;
  if (planned.suite == bench::SuiteName::kPreprocess) return read_seconds(settings);
  if (gflops <= 0 || weights::catalogue_name(settings.text("model")).empty()) return 0;
  const weights::NetworkConfig config = weights::catalogue_config(settings.text("model"));
  if (planned.suite == bench::SuiteName::kAttention)
    return attention_seconds(config.main.backbone, settings, gflops);
  const double forward = forward_seconds(config, size_of(settings), gflops);
  const auto images = static_cast<double>(settings.number("images"));
  switch (planned.suite) {
    case bench::SuiteName::kThroughput:
      return forward * static_cast<double>(settings.number("batch", 1));
    case bench::SuiteName::kLatency:
      return forward + read_seconds(settings) + write_seconds(settings);
    case bench::SuiteName::kScene:
      return forward_flops(config, size_of(settings), static_cast<int>(settings.number("views"))) /
             (kForwardEfficiency * gflops * 1e9);
    case bench::SuiteName::kLoad:
      return 2 * forward + (settings.text("cache") == "hit" ? 0 : kStartSeconds);
    case bench::SuiteName::kFolder:
      return images * (2 * forward + read_seconds(settings) + write_seconds(settings));
    case bench::SuiteName::kVideo:
      return images * (2 * forward + kVideoSecondsPerPixel * photo_pixels(settings));
    case bench::SuiteName::kAccuracy:
      return settings.find(bench::kDatasetSetting) == nullptr ? 4 * forward : images * forward;
    default:
      return images * forward;
  }
}

}  // namespace da3::suites
