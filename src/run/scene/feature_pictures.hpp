// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <options/options.hpp>
#include <scene/scene.hpp>

#include <run/scene/scene_files.hpp>

namespace da3::run {

/// Colours of a layer's vectors, (S, rows, columns, 3): scene::principal_colours of all views together.
std::vector<std::uint8_t> feature_colours(const FeatureMaps& maps, std::size_t layer, std::size_t views);

/// PNG of a view's colours (rows, columns, 3), of `patches`, each a rectangle; black where the photo was cut.
/// At the size of the photo, or of the network's input.
std::vector<std::uint8_t> encode_feature_picture(const scene::View& view, Size patches,
                                                 std::span<const std::uint8_t> colours,
                                                 options::ResultSize size);

}  // namespace da3::run
