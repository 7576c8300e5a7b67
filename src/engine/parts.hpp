// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace da3::engine {

/// Parts of a network besides those for depth. Files of tensor layout 3 have those that the published weights
/// have; older files have the camera decoder alone.
struct Parts {
  /// The network's own cameras, where it has a camera decoder. Nested networks always have theirs: depth in
  /// metres needs them.
  bool cameras = true;
  bool camera_encoder = false;  ///< Takes given cameras
  bool rays = false;            ///< The ray head
  bool gaussians = false;       ///< The Gaussian head
  bool smoothing = false;       ///< The factors of 8-bit products, of files that were calibrated
};

}  // namespace da3::engine
