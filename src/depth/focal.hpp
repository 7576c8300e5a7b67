// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include <codec/decode.hpp>

#include <da3/image.hpp>
#include <da3/model_spec.hpp>

#include <image/preprocess.hpp>

namespace da3::depth {

/// A focal length in pixels of the original photo, and who says so.
struct Focal {
  double px = 0;
  std::string source;  ///< "option", "hfov", "exif.35mm", "exif.sensor"
};

/// The focal length of one photo: the user's in pixels, else from the user's horizontal field of view, else
/// from its EXIF data, else none.
std::optional<Focal> find_focal(Size original, const std::optional<double>& focal_px,
                                const std::optional<double>& hfov_deg,
                                const std::optional<codec::ExifFocal>& exif);

/// What a canonical depth is multiplied with to be metres: focal length in processed pixels / 300.
/// A pinhole camera maps a point to u = f X / Z. Resampling multiplies u by the scale of its axis, so the
/// focal length of that axis is f * scale; cutting edges off moves the origin of u and leaves f. Both axes
/// differ by the rounding of sides to whole patches, and the original takes their mean. `scale` is therefore
/// what every resampling step together did to each axis (image::processed_scale), never the ratio of the
/// sizes before and after a crop. Source: depth_anything_3/utils/alignment.py.
double metres_per_canonical(double focal_px, const image::Scale& scale);

}  // namespace da3::depth
