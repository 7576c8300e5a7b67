// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>

#include <da3/error.hpp>

#include <suites/context.hpp>
#include <suites/estimate.hpp>
#include <suites/flops.hpp>
#include <weights/record.hpp>

namespace da3::suites {
namespace {

// Share of the calibration, and times of what no calibration tells, between those of the machines in
// docs/benchmarks.md.
constexpr double kForwardEfficiency = 0.75;
constexpr double kReadSecondsPerPixel = 8e-9;
constexpr double kWriteSecondsPerPixel = 60e-9;

Size size_of(const bench::Fields& settings) {
  if (settings.number("height") > 0) return processed_size_of(settings);
  return patched_size(static_cast<int>(settings.number("process_res")), weights::kPatchSize, 9.0 / 16, 1);
}

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// `model`: a published name or a model file; unknown for others.
double flops_of(const std::string& model, Size size, int views) {
  if (!weights::catalogue_name(model).empty()) {
    return forward_flops(weights::catalogue_config(model), size, views);
  }
  try {
    return forward_flops(weights::read_record(model), size, views).value_or(kUnknown);
  } catch (const Error&) {
    return kUnknown;
  }
}

}  // namespace

double forward_seconds(const bench::Fields& settings, double gflops, int views) {
  if (gflops <= 0) return kUnknown;
  return flops_of(settings.text("model"), size_of(settings), views) / (kForwardEfficiency * gflops * 1e9);
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

std::optional<double> estimate_forward_seconds(const ModelSpec& model, Size size, int views, double gflops) {
  const std::optional<double> flops = forward_flops(model, size, views);
  if (!flops) return std::nullopt;
  return *flops / (kForwardEfficiency * gflops * 1e9);
}

double estimate_run_seconds(const bench::PlannedCase& planned, double gflops) {
  const double seconds = bench::row_of(planned.suite).estimate(planned.settings, gflops);
  return std::isfinite(seconds) ? seconds : 0;
}

}  // namespace da3::suites
