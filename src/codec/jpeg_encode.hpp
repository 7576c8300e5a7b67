// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include <da3/image.hpp>

namespace da3::codec {

/// The picture as a baseline JPEG file. `quality`: 1 to 100.
/// Throws: Error kUsage for a picture that JPEG cannot hold, kInternal if libjpeg fails.
std::vector<std::uint8_t> encode_jpeg(const Image& picture, int quality);

}  // namespace da3::codec
