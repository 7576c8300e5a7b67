// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <numbers>

#include <depth/focal.hpp>

namespace da3::depth {
namespace {

// The focal length that metric models were trained for, in processed pixels.
constexpr double kCanonicalFocal = 300.0;

}  // namespace

std::optional<Focal> find_focal(Size original, const std::optional<double>& focal_px,
                                const std::optional<double>& hfov_deg,
                                const std::optional<codec::ExifFocal>& exif) {
  if (focal_px) return Focal{*focal_px, "option"};
  if (hfov_deg) {
    const double half = *hfov_deg / 2 * std::numbers::pi / 180;
    return Focal{original.width / 2.0 / std::tan(half), "hfov"};
  }
  if (exif) return Focal{exif->focal_px, exif->source};
  return std::nullopt;
}

double metres_per_canonical(double focal_px, const image::Scale& scale) {
  return focal_px * (scale.x + scale.y) / 2 / kCanonicalFocal;
}

}  // namespace da3::depth
