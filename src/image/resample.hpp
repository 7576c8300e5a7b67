// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <da3/image.hpp>

namespace da3::image {

enum class Resampling { kArea, kCubic };

/// The picture at another size as cv::resize gives it (INTER_AREA, INTER_CUBIC on uint8), on the calling
/// thread alone. Equal sizes give a copy.
Image resample(const Image& picture, Size size, Resampling method);

}  // namespace da3::image
