// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

#include <scene/samples.hpp>
#include <scene/scene.hpp>

namespace da3::scene {

/// Fits the similarity. With ten and more cameras robustly, by `samples` (none: 100 tries of a fixed
/// generator). Two and collinear cameras work: their rotation is the mean one. Throws: Error kSceneAlignment
/// for a scale that is not finite or not above 0.
Alignment align(std::span<const Camera> predicted, std::span<const Camera> given,
                const Samples* samples = nullptr);

/// Brings views that the network has seen to given cameras, which are in pixels of `View::input`; the
/// network's own become `View::predicted`. Depth is divided by the scale, so that it is in the given unit.
/// With `keep_scale` depth stays as it is and the given cameras are moved into the network's world instead.
/// Without a scale depth stays as it is, too.
void adopt_cameras(std::span<View> views, std::span<const Camera> given, const Alignment& alignment,
                   bool keep_scale);

}  // namespace da3::scene
