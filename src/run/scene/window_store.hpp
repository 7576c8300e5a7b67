// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <scene/scene.hpp>
#include <scene/windows.hpp>

namespace da3::run {

/// Windows that are done, kept in the folder `.da3-windows` of a scene's results until the scene is: a run
/// that was cut off goes on after them. Threads: one.
class WindowStore {
 public:
  /// What a window is besides its views. Views are counted in the scene.
  struct Facts {
    std::optional<std::size_t> reference;
    double forward_ms = 0;
    std::vector<std::size_t> without_rays;  ///< Views whose rays are no camera
    // Of the views that the scene takes from this window.
    std::vector<scene::Gaussian> gaussians;  ///< In the window's world
    std::size_t dropped_gaussians = 0;       ///< Of no use: not finite, or a size below 0
    std::vector<std::vector<float>> layers;  ///< SeenScene::layers
  };

  /// `digest`: of all that decides the scene's results; windows of another one are never read. Throws: Error
  /// kOutputExists for a link in the place of its folder.
  WindowStore(const std::filesystem::path& scene_folder, std::string digest);

  /// Fills the maps and cameras of `views`, which are the window's. None: that window is not here, or
  /// damaged.
  std::optional<Facts> read(const scene::Window& window, std::vector<scene::View>& views) const;
  /// Throws: Error kOutputFailed.
  void write(const scene::Window& window, const std::vector<scene::View>& views, const Facts& facts) const;
  /// Removes all windows, and the folder if it is empty then.
  void clear() const;

 private:
  std::filesystem::path file_of(const scene::Window& window) const;

  std::filesystem::path folder_;
  std::string digest_;
};

}  // namespace da3::run
