// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include <codec/encoded_picture.hpp>

namespace da3::codec {

/// Grey levels as they are stored, (H, W).
struct Grey16 {
  Size size;
  std::vector<std::uint16_t> values;
};

/// The samples of a PNG of one 16-bit grey channel. Throws: Error as `decode`, kImageUnsupported for any
/// other kind of PNG.
Grey16 decode_grey16_png(const EncodedPicture& picture);

}  // namespace da3::codec
