// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include <Eigen/Dense>
#include <scene/linear_algebra.hpp>
#include <scene/mixed_bits.hpp>
#include <scene/point_cloud.hpp>

#include <image/order_statistics.hpp>

namespace da3::scene {
namespace {

constexpr float kSky = 0.3F;
constexpr double kLeastThreshold = 1.05;
constexpr double kHighPercentile = 90;

/// Of a pixel's place.
std::uint64_t hash_of(std::uint64_t view, std::uint64_t row, std::uint64_t column) {
  return mixed_bits((view << 42U) ^ (row << 21U) ^ column);
}

class Selection {
 public:
  Selection(const View& view, const PointOptions& options, std::optional<double> threshold)
      : view_(view), options_(options), threshold_(threshold) {}

  bool takes(int row, int column) const {
    const std::size_t at = index(row, column);
    const float depth = view_.depth[at];
    if (!(std::isfinite(depth) && depth > 0)) return false;
    if (threshold_ && !(view_.confidence[at] >= *threshold_)) return false;
    if (!options_.sky_points && !view_.sky.empty() && view_.sky[at] >= kSky) return false;
    return !options_.edges_percent || !at_edge(row, column, depth);
  }

 private:
  std::size_t index(int row, int column) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(view_.input.size.width) +
           static_cast<std::size_t>(column);
  }

  bool at_edge(int row, int column, float depth) const {
    const Size size = view_.input.size;
    constexpr std::array<std::array<int, 2>, 4> kNeighbours{{{-1, 0}, {1, 0}, {0, -1}, {0, 1}}};
    return std::any_of(kNeighbours.begin(), kNeighbours.end(), [&](const auto& step) {
      const int y = row + step[0];
      const int x = column + step[1];
      if (y < 0 || x < 0 || y >= size.height || x >= size.width) return false;
      const float other = view_.depth[index(y, x)];
      return std::isfinite(other) && std::abs(other - depth) * 100 > *options_.edges_percent * depth;
    });
  }

  const View& view_;
  const PointOptions& options_;
  std::optional<double> threshold_;
};

void add_points(const View& view, std::uint32_t number, const Selection& selection,
                std::vector<Point>& points) {
  const Pose pose = pose_of(view.camera);
  const Eigen::Matrix3d back = matrix_of(view.camera.intrinsics).inverse();
  const Eigen::Matrix3d turn = pose.rotation.transpose();
  const Size size = view.input.size;
  for (int row = 0; row < size.height; ++row) {
    for (int column = 0; column < size.width; ++column) {
      if (!selection.takes(row, column)) continue;
      const auto at = static_cast<std::size_t>(row) * static_cast<std::size_t>(size.width) +
                      static_cast<std::size_t>(column);
      const Eigen::Vector3d ray = back * Eigen::Vector3d(column + 0.5, row + 0.5, 1);
      const Eigen::Vector3d position = turn * (ray * static_cast<double>(view.depth[at]) - pose.translation);
      const std::uint8_t* const rgb = view.input.rgb.data() + at * 3;
      points.push_back({.position = array_of(position),
                        .rgb = {rgb[0], rgb[1], rgb[2]},
                        .confidence = view.confidence.empty() ? 0.0F : view.confidence[at],
                        .view = number,
                        .row = static_cast<std::uint32_t>(row),
                        .column = static_cast<std::uint32_t>(column)});
    }
  }
}

/// Keeps the `most` points with the smallest hashes, in their order.
void thin(std::vector<Point>& points, std::size_t most) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(points.size());
  for (const Point& point : points) hashes.push_back(hash_of(point.view, point.row, point.column));
  std::vector<std::uint64_t> ordered = hashes;
  // The hash is a bijection of the pixel's place, so that no two are equal.
  std::nth_element(ordered.begin(), ordered.begin() + static_cast<std::ptrdiff_t>(most), ordered.end());
  const std::uint64_t bound = ordered[most];
  std::size_t kept = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (hashes[i] < bound) points[kept++] = points[i];
  }
  points.resize(kept);
}

}  // namespace

std::optional<double> confidence_threshold(const std::vector<View>& views, const PointOptions& options) {
  std::vector<float> all;
  for (const View& view : views) {
    if (view.confidence.empty()) return std::nullopt;
    all.insert(all.end(), view.confidence.begin(), view.confidence.end());
  }
  if (options.min_confidence || all.empty()) return options.min_confidence;
  const std::array<double, 2> percents{100 - options.keep_percent, kHighPercentile};
  const std::vector<double> bounds = image::percentiles(all, percents);
  return std::min(std::max(kLeastThreshold, bounds[0]), bounds[1]);
}

}  // namespace da3::scene

namespace da3 {

PointCloud point_cloud(const std::vector<SceneView>& views, const PointOptions& options) {
  PointCloud cloud;
  cloud.threshold = scene::confidence_threshold(views, options);
  for (std::size_t i = 0; i < views.size(); ++i) {
    scene::add_points(views[i], static_cast<std::uint32_t>(i),
                      scene::Selection(views[i], options, cloud.threshold), cloud.points);
  }
  cloud.candidates = cloud.points.size();
  if (options.max_points > 0 && cloud.points.size() > options.max_points)
    scene::thin(cloud.points, options.max_points);
  return cloud;
}

}  // namespace da3
