// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <predict/depth_model.hpp>
#include <scene/scene.hpp>

#include <run/scene/scene_options.hpp>

namespace da3::run {

/// What a forward pass says of a scene besides its views.
struct Seen {
  std::optional<std::size_t> reference;  ///< By index; none where the network chose without telling
  std::optional<std::uint64_t> peak_bytes;
  predict::PhaseTimes times;
};

/// One forward pass over views of one input size: fills their depth, confidence, sky and cameras. Throws: as
/// DepthModel::predict; kOutOfMemory says how many views did not fit.
Seen see_views(predict::DepthModel& model, std::span<scene::View> views, const SceneOptions& options);

}  // namespace da3::run
