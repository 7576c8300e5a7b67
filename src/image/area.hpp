// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <da3/image.hpp>

namespace da3::image {

/// The picture made smaller by averages over areas: what cv::resize with INTER_AREA gives, bit by bit, in
/// half the time. None where OpenCV takes another way than weighted sums in float32: both factors are whole,
/// or a side grows.
std::optional<Image> shrink_by_area(const Image& picture, Size size);

}  // namespace da3::image
