// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <da3/photo.hpp>

#include <image/decode.hpp>

namespace da3 {

Image read_photo(const std::filesystem::path& file) {
  return std::move(image::decode_file(file).image);
}

Image decode_photo(std::span<const std::uint8_t> bytes) {
  return std::move(image::decode(bytes, "the picture in memory").image);
}

}  // namespace da3
