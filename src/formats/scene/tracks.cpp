// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <set>

#include <formats/scene/scene_files.hpp>

namespace da3::formats {
namespace {

constexpr std::uint32_t kCell = 8;        // Pixels of the network's input: one track for each cell of a view
constexpr double kDepthTolerance = 0.02;  // Of the depth there: beyond it another surface is seen

/// The pixel of a view's input that shows a point of the world, and the point's depth there; none outside the
/// picture or behind.
struct Projection {
  std::uint32_t row = 0;
  std::uint32_t column = 0;
  double depth = 0;
};

std::optional<Projection> project(const scene::View& view, const std::array<double, 3>& position) {
  const auto& e = view.camera.camera_from_world;
  const auto& k = view.camera.intrinsics;
  std::array<double, 3> p{};
  for (std::size_t i = 0; i < 3; ++i) {
    p[i] = e[4 * i] * position[0] + e[4 * i + 1] * position[1] + e[4 * i + 2] * position[2] + e[4 * i + 3];
  }
  if (!(p[2] > 0)) return std::nullopt;
  const double x = (k[0] * p[0] + k[1] * p[1]) / p[2] + k[2];
  const double y = k[4] * p[1] / p[2] + k[5];
  const bool inside = x >= 0 && y >= 0 && x < view.input.size.width && y < view.input.size.height;
  if (!inside) return std::nullopt;
  return Projection{static_cast<std::uint32_t>(y), static_cast<std::uint32_t>(x), p[2]};
}

bool sees(const scene::View& view, const Projection& pixel, const std::optional<double>& threshold) {
  const std::size_t index =
      std::size_t{pixel.row} * static_cast<std::size_t>(view.input.size.width) + pixel.column;
  const double depth = view.depth[index];
  if (!(depth > 0) || !(std::abs(pixel.depth - depth) <= kDepthTolerance * depth)) return false;
  return !threshold || view.confidence.empty() || view.confidence[index] >= *threshold;
}

}  // namespace

std::vector<TrackElement> tracks_of(const scene::Scene& scene) {
  std::vector<TrackElement> tracks;
  std::set<std::array<std::uint32_t, 3>> taken;
  for (std::size_t i = 0; i < scene.cloud.points.size(); ++i) {
    const scene::Point& point = scene.cloud.points[i];
    const std::array<std::uint32_t, 3> cell{point.view, point.row / kCell, point.column / kCell};
    if (taken.contains(cell)) continue;
    for (std::size_t v = 0; v < scene.views.size(); ++v) {
      if (v == point.view) continue;
      const std::optional<Projection> pixel = project(scene.views[v], point.position);
      if (!pixel || !sees(scene.views[v], *pixel, scene.cloud.threshold)) continue;
      const auto [x, y] = scene.views[v].photo_position(pixel->column + 0.5, pixel->row + 0.5);
      taken.insert(cell);
      tracks.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(v), x, y});
    }
  }
  return tracks;
}

}  // namespace da3::formats
