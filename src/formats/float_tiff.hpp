// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <da3/image.hpp>

namespace da3::formats {

/// A TIFF file of one float32 channel: strips packed by Deflate behind the floating-point predictor,
/// `description` as ImageDescription. Throws: Error kInternal, kOutOfMemory.
std::vector<std::uint8_t> encode_float_tiff(const DepthMap& map, const std::string& description);

}  // namespace da3::formats
