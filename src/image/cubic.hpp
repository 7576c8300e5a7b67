// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <da3/image.hpp>

namespace da3::image {

/// The picture at another size by cubic convolution (Keys 1981, a = -0.75, half-pixel centres, edge pixels
/// kept), summed in float32 and rounded to the nearest, ties to even. cv::resize with INTER_CUBIC means the
/// same, but as OpenCV is built by distributions it works with weights of 11 bits and misses in 3 samples of
/// a hundred by one; the original tool's OpenCV (with Intel's IPP) and this agree in all but about ten of a
/// million.
Image resize_cubic(const Image& picture, Size size);

}  // namespace da3::image
