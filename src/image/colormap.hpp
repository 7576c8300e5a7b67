// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <da3/image.hpp>
#include <da3/model_spec.hpp>

#include <image/order_statistics.hpp>

namespace da3::image {

struct VisOptions {
  std::string colormap = "spectral";  ///< One of kColormapNames
  /// Depth values shown as nearest and farthest, in the map's unit and in any order; none: 2nd to 98th
  /// percentile of this picture's inverse depth.
  std::optional<std::pair<double, double>> range{};
};

/// What a picture shows as farthest and nearest where nobody asks for a range: the 2nd and the 98th
/// percentile of a map's inverse depth (of its values where the kind is inverse), so that a few outliers do
/// not take all the colours. 0 and 0 of a map without a value.
struct NearRange {
  double far = 0;
  double near = 0;
};
NearRange near_range(const DepthMap& depth, DepthKind kind);

/// The same where ranks of the map's values are looked for anyway.
NearRange near_range(const RankFinder& ranks, DepthKind kind);

/// A picture of a depth map, coloured by inverse depth: near is warm whatever the map and the kind of depth.
/// Black where there is no value: not finite, or not above 0 unless the kind is inverse. A constant map gets
/// the middle colour. Shape (H, W). Throws: Error kUsage for an unknown colour map or a range that is none.
/// `own`: near_range of the map, where it is known already.
Image render_depth(const DepthMap& depth, DepthKind kind, const VisOptions& options = {},
                   const std::optional<NearRange>& own = {});

/// Where a value of a map lies between the farthest (0) and the nearest (1) of its range, NaN where there is
/// no value; 0.5 everywhere for a constant map. What `render_depth` colours: value by value, for a large map
/// has no room for a second one. Throws: Error kUsage for a range that is none.
class NearPosition {
 public:
  NearPosition(const DepthMap& depth, DepthKind kind,
               const std::optional<std::pair<double, double>>& range = {},
               const std::optional<NearRange>& own = {});
  double operator()(float value) const;

  /// The position of each value in whole steps, kSteps - 1 the nearest; kSteps where there is no value.
  /// `steps`: at least as many as values.
  static constexpr int kSteps = 256;
  void steps(std::span<const float> values, std::span<std::uint16_t> steps) const;

 private:
  DepthKind kind_;
  double far_ = 0;
  double width_ = 0;
};

/// `render_depth` row by row, for a map so large that there is no room for its picture. Lifetime: within the
/// map's.
class DepthColours {
 public:
  /// Throws: as render_depth.
  DepthColours(const DepthMap& depth, DepthKind kind, const VisOptions& options = {},
               const std::optional<NearRange>& own = {});
  /// Fills row `y`, (W, 3).
  void fill(int y, std::span<std::uint8_t> row) const;

 private:
  const DepthMap* depth_;
  NearPosition position_of_;
  std::array<std::uint8_t, (NearPosition::kSteps + 1) * 3>
      colours_{};  ///< From far to near, then black for no value
};

/// Two pictures of one height side by side. Shape (H, W of the left + W of the right). Throws: Error kUsage
/// for two heights.
Image side_by_side(const Image& left, const Image& right);

}  // namespace da3::image
