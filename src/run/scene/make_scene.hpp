// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include <cameras/given_cameras.hpp>
#include <scene/point_cloud.hpp>
#include <scene/scene.hpp>

#include <da3/model_spec.hpp>

#include <run/scene/scene_options.hpp>
#include <run/scene/scene_windows.hpp>

// The steps from the inputs of a scene's views to the scene, for the program and the library: cut_views,
// see_scene, settle, add_points. Each adds its warnings to the scene.
namespace da3::run {

/// Cuts all inputs, centred, to the smallest height and width. Throws: Error kUsage where sizes differ and
/// `mixed` is kError.
void cut_views(scene::Scene& scene, MixedSizes mixed);

/// Takes over what the network said besides the views, then brings them to `given` cameras if there are any.
/// Returns the number of given cameras without a photo. Throws: as adopt_given_cameras.
std::size_t settle(scene::Scene& scene, SeenScene seen, const ModelSpec& model,
                   const std::optional<cameras::GivenCameras>& given, bool keep_scale);

/// Makes the cloud of points. Returns how many come from each view.
std::vector<std::uint64_t> add_points(scene::Scene& scene, const scene::PointOptions& options);

}  // namespace da3::run
