// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <formats/scene/viewer.hpp>

#include <image/order_statistics.hpp>

namespace da3::formats {
namespace {

using Point = std::array<double, 3>;

// Above this ratio of coordinates to the scene's extent float32 would move a point by more than 1e-6 of the
// extent.
constexpr double kLargeWorld = 16;

/// The quantile of `values`, which it reorders.
double quantile(std::vector<double>& values, double share) {
  const image::QuantilePlace place = image::place_of_quantile(share, values.size());
  const auto below = values.begin() + static_cast<std::ptrdiff_t>(place.below);
  std::nth_element(values.begin(), below, values.end());
  return place.between(*below,
                       place.above == place.below ? *below : *std::min_element(below + 1, values.end()));
}

struct Box {
  Point low{};
  Point middle{};
  Point high{};
};

/// Percentiles 5, 50 and 95 along each row of `rows` (3, 4).
Box percentiles(const std::vector<scene::Point>& points, const std::array<double, 12>& rows) {
  Box box;
  std::vector<double> along(points.size());
  for (std::size_t k = 0; k < 3; ++k) {
    const double* row = rows.data() + 4 * k;
    std::transform(points.begin(), points.end(), along.begin(), [&](const scene::Point& point) {
      const Point& p = point.position;
      return row[0] * p[0] + row[1] * p[1] + row[2] * p[2] + row[3];
    });
    box.low[k] = quantile(along, 0.05);
    box.middle[k] = quantile(along, 0.5);
    box.high[k] = quantile(along, 0.95);
  }
  return box;
}

}  // namespace

std::array<double, 16> world_from_camera(const Camera& camera) {
  const auto& e = camera.camera_from_world;
  std::array<double, 16> inverse{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      inverse[4 * i + k] = e[4 * k + i];
      inverse[4 * i + 3] -= e[4 * k + i] * e[4 * k + 3];
    }
  }
  inverse[15] = 1;
  return inverse;
}

Viewer viewer_of(const scene::Scene& scene) {
  Viewer viewer;
  std::array<double, 12> rows{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};
  if (!scene.views.empty()) rows = scene.views.front().camera.camera_from_world;
  for (std::size_t i = 4; i < 12; ++i) rows[i] = -rows[i];  // y up, z back
  const auto& points = scene.cloud.points;
  if (!points.empty()) {
    const Box box = percentiles(points, rows);
    viewer.diagonal =
        std::hypot(box.high[0] - box.low[0], box.high[1] - box.low[1], box.high[2] - box.low[2]);
    if (!(viewer.diagonal > 0)) viewer.diagonal = 1;
    for (std::size_t k = 0; k < 3; ++k) rows[4 * k + 3] -= box.middle[k];
  }
  std::copy(rows.begin(), rows.end(), viewer.viewer_from_world.begin());
  viewer.viewer_from_world[15] = 1;

  double largest = 0;
  for (const scene::Point& point : points) {
    for (const double value : point.position) largest = std::max(largest, std::abs(value));
  }
  if (largest > kLargeWorld * viewer.diagonal && !scene.views.empty()) {
    viewer.origin = scene::centre_of(scene.views.front().camera);
  }
  return viewer;
}

std::array<Point, 4> picture_corners(const scene::View& view, double z) {
  const Camera camera = view.photo_camera();
  const auto& k = camera.intrinsics;
  const std::array<double, 16> pose = world_from_camera(camera);
  const double width = view.place.photo_size.width;
  const double height = view.place.photo_size.height;
  const std::array<std::array<double, 2>, 4> pixels{{{0, 0}, {width, 0}, {width, height}, {0, height}}};
  std::array<Point, 4> corners{};
  for (std::size_t i = 0; i < 4; ++i) {
    const double y = (pixels[i][1] - k[5]) / k[4] * z;
    const double x = (pixels[i][0] - k[2]) / k[0] * z - k[1] / k[0] * y;
    for (std::size_t row = 0; row < 3; ++row) {
      corners[i][row] = pose[4 * row] * x + pose[4 * row + 1] * y + pose[4 * row + 2] * z + pose[4 * row + 3];
    }
  }
  return corners;
}

std::array<double, 3> view_colour(std::size_t index, std::size_t count) {
  constexpr double kSaturation = 0.85;
  constexpr double kValue = 0.95;
  const double hue = (static_cast<double>(index) + 0.5) / static_cast<double>(count) * 6;
  std::array<double, 3> colour{};
  for (std::size_t k = 0; k < 3; ++k) {
    const double place =
        std::fmod(hue + 6 - 2 * static_cast<double>(k), 6.0);  // Red at 0, green at 2, blue at 4
    const double share = std::clamp(std::abs(place - 3) - 1, 0.0, 1.0);
    colour[k] = kValue * (1 - kSaturation * (1 - share));
  }
  return colour;
}

}  // namespace da3::formats
