// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace da3::image {

/// 256 colours in the order that the map is published in.
using Table = std::array<std::uint8_t, 768>;

/// 256 colours (R, G, B), the farthest first and the nearest last, which is the warm or bright end of every
/// map. Throws: Error kUsage with the names that exist.
Table far_to_near_colours(std::string_view name);

}  // namespace da3::image
