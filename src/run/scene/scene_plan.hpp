// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <depth/way.hpp>

#include <da3/model_spec.hpp>

#include <run/scene/scene_options.hpp>

namespace da3::run {

/// The way of a scene's photos to the network. Throws: Error kUsage for sizes that the model does not take.
depth::Way scene_way(const SceneOptions& options, const ModelSpec& model);

}  // namespace da3::run
