// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include <scene/scene.hpp>

namespace da3::scene {

using PointOptions = da3::PointOptions;
using da3::point_cloud;

/// The confidence from which on pixels are points, over all views together:
/// min(max(1.05, 100 - keep_percent percentile), 90th percentile), percentiles linear between order
/// statistics; none without confidence. Source: the original's glTF export.
std::optional<double> confidence_threshold(const std::vector<View>& views, const PointOptions& options);

}  // namespace da3::scene
