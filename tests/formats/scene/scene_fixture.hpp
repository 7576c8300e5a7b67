// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <formats/scene/scene_data.hpp>

namespace da3::testing {

/// (3, 4): a camera at `centre` that is turned by `yaw` about y.
inline std::array<double, 12> pose_at(const std::array<double, 3>& centre, double yaw) {
  const double c = std::cos(yaw);
  const double s = std::sin(yaw);
  std::array<double, 12> e{c, 0, -s, 0, 0, 1, 0, 0, s, 0, c, 0};
  for (std::size_t i = 0; i < 3; ++i) {
    e[4 * i + 3] = -(e[4 * i] * centre[0] + e[4 * i + 1] * centre[1] + e[4 * i + 2] * centre[2]);
  }
  return e;
}

/// Views on an arc, each with `rows` x `columns` points on a wavy wall, at `offset` in the world.
inline formats::SceneData wall_scene(std::size_t views, int rows, int columns,
                                     const std::array<double, 3>& offset = {}) {
  formats::SceneData scene;
  scene.unit = "relative";
  scene.source = "decoder";
  scene.reference = views / 2;
  for (std::size_t i = 0; i < views; ++i) {
    formats::SceneView view;
    view.name = "photo" + std::to_string(i) + ".jpg";
    view.photo = {rows * 10, columns * 10};
    const double turn = 0.2 * (static_cast<double>(i) - 0.5 * static_cast<double>(views - 1));
    const std::array<double, 3> centre{offset[0] + 3 * std::sin(turn), offset[1] - 0.1,
                                       offset[2] - 3 * std::cos(turn)};
    view.camera.camera_from_world = pose_at(centre, -turn);
    view.camera.intrinsics = {9.0 * columns, 0, 5.0 * columns - 2, 0, 9.2 * columns, 5.0 * rows + 1, 0, 0, 1};
    const auto& e = view.camera.camera_from_world;
    const auto& k = view.camera.intrinsics;
    for (int v = 0; v < rows; ++v) {
      for (int u = 0; u < columns; ++u) {
        const double x = (u + 0.5) * 10;
        const double y = (v + 0.5) * 10;
        const double depth = 3 + 0.2 * std::sin(0.3 * u + 0.2 * v + static_cast<double>(i));
        const std::array<double, 3> p{(x - k[2]) / k[0] * depth - e[3], (y - k[5]) / k[4] * depth - e[7],
                                      depth - e[11]};
        std::array<double, 3> world{};
        for (std::size_t row = 0; row < 3; ++row)
          world[row] = e[row] * p[0] + e[4 + row] * p[1] + e[8 + row] * p[2];
        scene.points.positions.push_back(world);
        scene.points.colours.push_back({static_cast<std::uint8_t>(255 * u / columns),
                                        static_cast<std::uint8_t>(255 * v / rows),
                                        static_cast<std::uint8_t>(80 * (i % 3))});
        scene.points.seen.push_back(
            {static_cast<std::uint32_t>(i), static_cast<float>(x), static_cast<float>(y)});
        scene.points.confidence.push_back(1.0F + static_cast<float>(u) / static_cast<float>(columns));
      }
    }
    scene.views.push_back(view);
  }
  return scene;
}

}  // namespace da3::testing
