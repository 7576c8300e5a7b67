// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <predict/depth_model.hpp>
#include <scene/scene.hpp>

#include <run/scene/scene_options.hpp>

namespace da3::run {

/// What a forward pass says of a scene besides its views.
struct Seen {
  std::optional<std::size_t> reference;  ///< By index; none where the network chose without telling
  std::optional<std::uint64_t> peak_bytes;
  predict::PhaseTimes times;
  std::vector<std::size_t> without_rays;       ///< Views, by index, whose rays are no camera
  std::vector<scene::Gaussian> gaussians;      ///< Those kept, in the network's world
  std::vector<std::size_t> dropped_gaussians;  ///< Of each view: of no use, not finite or a size below 0
  std::vector<std::vector<float>> layers;      ///< predict::Result::layers
};

/// One forward pass over views of one input size: fills their depth, confidence, sky and cameras. A model
/// that takes cameras is shown View::given where all views have one. Throws: as DepthModel::predict;
/// kOutOfMemory says how many views did not fit.
Seen see_views(predict::DepthModel& model, std::span<scene::View> views, const SceneOptions& options);

}  // namespace da3::run
