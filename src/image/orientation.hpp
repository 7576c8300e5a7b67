// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <da3/image.hpp>

namespace da3::image {

/// The size of a picture of `stored` size once it is upright: sides are swapped for orientations 5 to 8.
Size upright_size(Size stored, int orientation);

/// The picture as it is meant to be seen, from its stored form and its EXIF orientation (1..8).
Image upright(Image stored, int orientation);

}  // namespace da3::image
