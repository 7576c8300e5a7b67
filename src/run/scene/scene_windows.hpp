// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include <predict/depth_model.hpp>
#include <scene/scene.hpp>
#include <scene/windows.hpp>

#include <run/scene/scene_options.hpp>
#include <run/scene/window_store.hpp>

namespace da3::run {

/// The windows of a scene; one: all views are seen together. Throws: Error kUsage for an overlap that is not
/// below the size, and for a reference by number that is no view, or that windows cannot have.
std::vector<scene::Window> windows_of(const SceneOptions& options, std::size_t views, DeviceKind device);

/// What the network says of a scene besides its views.
struct SeenScene {
  std::optional<std::size_t> reference;     ///< By index; none with windows
  std::optional<std::uint64_t> peak_bytes;  ///< Of the largest forward pass
  std::vector<SceneWindow> windows;         ///< Empty where all views were seen together
  scene::PoseSource pose_source = scene::PoseSource::kDecoder;
  std::set<std::size_t> without_rays = {};      ///< Views, by index, whose rays are no camera
  std::vector<scene::Gaussian> gaussians = {};  ///< In the network's world, by view
  std::size_t dropped_gaussians = 0;            ///< Of no use: not finite, or a size below 0
  std::vector<std::vector<float>> layers = {};  ///< predict::Result::layers of all views
};

/// What goes on while a scene is seen.
struct SightHooks {
  std::function<void(const std::string&)> on_step;  ///< May be empty
  std::stop_token stop;
  const WindowStore* store =
      nullptr;  ///< Keeps windows, so that a run goes on after them; none: nothing is kept
};

/// Depth, confidence, sky and cameras of all views, in one forward pass or in windows. None if it was
/// stopped. Throws: as windows_of; Error kSceneAlignment (windows that nothing joins); as
/// DepthModel::predict.
std::optional<SeenScene> see_scene(predict::DepthModel& model, std::vector<scene::View>& views,
                                   const SceneOptions& options, const SightHooks& hooks);

}  // namespace da3::run
