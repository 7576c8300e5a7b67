// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numbers>

#include <pipeline/focal.hpp>

namespace da3::pipeline {
namespace {

// The focal length that metric models were trained for, in processed pixels.
constexpr double kCanonicalFocal = 300.0;

}  // namespace

std::optional<Focal> find_focal(Size original, const std::optional<double>& focal_px,
                                const std::optional<double>& hfov_deg,
                                const std::optional<image::ExifFocal>& exif) {
  if (focal_px) return Focal{*focal_px, "option"};
  if (hfov_deg) {
    const double half = *hfov_deg / 2 * std::numbers::pi / 180;
    return Focal{original.width / 2.0 / std::tan(half), "hfov"};
  }
  if (exif) return Focal{exif->focal_px, exif->source};
  return std::nullopt;
}

double metres_per_canonical(double focal_px, Size original, Size processed, ResizeMethod method,
                            int process_res) {
  double scale_y = static_cast<double>(processed.height) / original.height;
  double scale_x = static_cast<double>(processed.width) / original.width;
  if (method == ResizeMethod::kUpperBoundCrop || method == ResizeMethod::kLowerBoundCrop) {
    // A crop leaves the scale of the step before it.
    const int side = method == ResizeMethod::kUpperBoundCrop ? std::max(original.height, original.width)
                                                             : std::min(original.height, original.width);
    scale_y = scale_x = static_cast<double>(process_res) / side;
  }
  return focal_px * (scale_x + scale_y) / 2 / kCanonicalFocal;
}

}  // namespace da3::pipeline
