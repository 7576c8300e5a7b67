// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace da3::image {

/// Names for --colormap; spectral is the original tool's. colormap_tables.cpp holds the colours.
inline constexpr std::array<std::string_view, 8> kColormapNames = {"spectral", "turbo",  "viridis", "magma",
                                                                   "inferno",  "plasma", "cividis", "grey"};

}  // namespace da3::image
