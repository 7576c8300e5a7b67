// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <vector>

#include <scene/scene.hpp>

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

/// Views on an arc, each with `rows` x `columns` points on a wavy wall, at `offset` in the world. Photos are
/// ten times as large as the network's input.
inline scene::Scene wall_scene(std::size_t views, int rows, int columns,
                               const std::array<double, 3>& offset = {}) {
  scene::Scene scene;
  scene.reference = views / 2;
  scene.cloud.threshold = 1.0;
  for (std::size_t i = 0; i < views; ++i) {
    scene::View view;
    view.name = "photo" + std::to_string(i);
    view.file = "in/" + view.name + ".jpg";
    view.place = {{rows * 10, columns * 10}, {rows, columns}};
    view.input = {{rows, columns}, {}};
    const double turn = 0.2 * (static_cast<double>(i) - 0.5 * static_cast<double>(views - 1));
    const std::array<double, 3> centre{offset[0] + 3 * std::sin(turn), offset[1] - 0.1,
                                       offset[2] - 3 * std::cos(turn)};
    view.camera.camera_from_world = pose_at(centre, -turn);
    view.camera.intrinsics = {
        0.9 * columns, 0, 0.5 * columns - 0.2, 0, 0.92 * columns, 0.5 * rows + 0.1, 0, 0, 1};
    const auto& e = view.camera.camera_from_world;
    const auto& k = view.camera.intrinsics;
    for (int v = 0; v < rows; ++v) {
      for (int u = 0; u < columns; ++u) {
        const double depth = 3 + 0.2 * std::sin(0.3 * u + 0.2 * v + static_cast<double>(i));
        const std::array<double, 3> p{(u + 0.5 - k[2]) / k[0] * depth - e[3],
                                      (v + 0.5 - k[5]) / k[4] * depth - e[7], depth - e[11]};
        scene::Point point;
        for (std::size_t row = 0; row < 3; ++row)
          point.position[row] = e[row] * p[0] + e[4 + row] * p[1] + e[8 + row] * p[2];
        point.rgb = {static_cast<std::uint8_t>(255 * u / columns), static_cast<std::uint8_t>(255 * v / rows),
                     static_cast<std::uint8_t>(80 * (i % 3))};
        point.confidence = 1.0F + static_cast<float>(u) / static_cast<float>(columns);
        point.view = static_cast<std::uint32_t>(i);
        point.row = static_cast<std::uint32_t>(v);
        point.column = static_cast<std::uint32_t>(u);
        scene.cloud.points.push_back(point);
        view.depth.push_back(static_cast<float>(depth));
        view.confidence.push_back(point.confidence);
        view.input.rgb.insert(view.input.rgb.end(), point.rgb.begin(), point.rgb.end());
      }
    }
    scene.views.push_back(view);
  }
  return scene;
}

}  // namespace da3::testing
