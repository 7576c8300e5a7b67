// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <da3/image.hpp>

namespace da3::image {

/// A pinhole camera in pixels: x in the picture = fx X / Z + cx, y = fy Y / Z + cy. (0, 0) is the corner of
/// the first pixel, as in the library (da3/model.hpp): its centre is at (0.5, 0.5), the middle of a picture
/// at (W / 2, H / 2).
struct Intrinsics {
  double fx = 0;
  double fy = 0;
  double cx = 0;
  double cy = 0;

  bool operator==(const Intrinsics&) const = default;
};

/// The camera of focal length `focal_px` that looks through the middle of a picture.
inline Intrinsics centred(double focal_px, Size size) {
  return {focal_px, focal_px, size.width / 2.0, size.height / 2.0};
}

/// The same camera for the same picture resized from `from` to `to`.
inline Intrinsics resized(const Intrinsics& camera, Size from, Size to) {
  const double x = static_cast<double>(to.width) / from.width;
  const double y = static_cast<double>(to.height) / from.height;
  return {camera.fx * x, camera.fy * y, camera.cx * x, camera.cy * y};
}

}  // namespace da3::image
