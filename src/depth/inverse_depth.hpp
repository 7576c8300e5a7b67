// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <da3/image.hpp>

namespace da3::depth {

/// How many times as far as the nearest point the farthest may be in `depth_from_inverse`.
inline constexpr float kFarthestOverNearest = 1000.0F;

/// Depth from inverse depth (larger is nearer): 1 / value, larger is farther, scale unknown.
/// Values below a thousandth of the map's largest, zero and below among them, say only "far": all become
/// 1000 / largest. Without a value above 0, and where a value is not finite, there is no depth (NaN).
DepthMap depth_from_inverse(DepthMap map);

}  // namespace da3::depth
