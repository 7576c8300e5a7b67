// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include <da3/image.hpp>
#include <da3/model_spec.hpp>

#include <image/decode.hpp>
#include <image/preprocess.hpp>

namespace da3::pipeline {

/// A focal length in pixels of the original photo, and who says so.
struct Focal {
  double px = 0;
  std::string source;  ///< "option", "hfov", "exif.35mm", "exif.sensor"
};

/// The focal length of one photo: the user's in pixels, else from the user's horizontal field of view, else
/// from its EXIF data, else none.
std::optional<Focal> find_focal(Size original, const std::optional<double>& focal_px,
                                const std::optional<double>& hfov_deg,
                                const std::optional<image::ExifFocal>& exif);

/// What a canonical depth is multiplied with to be metres: focal length in processed pixels (the mean of both
/// axes, since sides are rounded to whole patches) / 300. Source: depth_anything_3/utils/alignment.py.
double metres_per_canonical(double focal_px, Size original, Size processed, ResizeMethod method,
                            int process_res);

}  // namespace da3::pipeline
