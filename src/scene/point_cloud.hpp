// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <scene/scene.hpp>

namespace da3::scene {

/// Which pixels become points.
struct PointOptions {
  double keep_percent = 60;              ///< Of all pixels by confidence, at most
  std::optional<double> min_confidence;  ///< Instead of `keep_percent`
  std::size_t max_points = 1'000'000;    ///< 0: all
  /// Leaves out pixels whose depth differs by more than this from a neighbour's (flying pixels at edges).
  std::optional<double> edges_percent;
  bool sky_points = false;  ///< Also pixels that the network calls sky
};

/// The confidence from which on pixels are points, over all views together:
/// min(max(1.05, 100 - keep_percent percentile), 90th percentile), percentiles linear between order
/// statistics; none without confidence. Source: the original's glTF export.
std::optional<double> confidence_threshold(const std::vector<View>& views, const PointOptions& options);

/// The points of all views, at the network's size. A pixel is one if its depth is finite and above 0, its
/// confidence reaches the threshold and it is no sky. More than `max_points`: those with the smallest hash of
/// (view, row, column), so that equal input gives equal points. Position: R^T (K^-1 (u + 0.5, v + 0.5, 1) d -
/// t).
PointCloud point_cloud(const std::vector<View>& views, const PointOptions& options);

}  // namespace da3::scene
