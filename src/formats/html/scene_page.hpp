// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <formats/depth_statistics.hpp>
#include <scene/scene.hpp>

namespace da3::formats {

/// What the page shows of one view, next to its camera.
struct PageView {
  std::vector<std::uint8_t> photo;  ///< JPEG
  std::vector<std::uint8_t> depth;  ///< JPEG, the coloured map
  std::size_t points = 0;           ///< That this view made
  std::optional<DepthStatistics> statistics;
};

struct ScenePage {
  std::string title;
  std::vector<PageView> views;                             ///< One for each of the scene's
  std::vector<std::pair<std::string, std::string>> facts;  ///< Name and value, such as "Model" and "da3-base"
  std::vector<std::string> warnings;
};

/// index.html of a scene: points, cameras, photos and depth in one file that a browser opens without a
/// network.
std::vector<std::uint8_t> encode_scene_page(const scene::Scene& scene, const ScenePage& page);

}  // namespace da3::formats
