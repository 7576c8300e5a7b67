// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <da3/image.hpp>
#include <da3/model_spec.hpp>

namespace da3::image {

/// Names for --colormap. Perceptual maps; "spectral" is the original tool's.
std::vector<std::string_view> colormap_names();

struct VisOptions {
  std::string colormap = "spectral";
  /// Depth values shown as nearest and farthest; none: 2nd to 98th percentile of this picture's inverse depth.
  std::optional<std::pair<double, double>> range;
};

/// A picture of a depth map: near is warm whatever the kind of depth. Shape (H, W). Throws: Error kUsage for an
/// unknown colour map.
Image render_depth(const DepthMap& depth, DepthKind kind, const VisOptions& options = {});

/// Two pictures of one height side by side.
Image side_by_side(const Image& left, const Image& right);

}  // namespace da3::image
