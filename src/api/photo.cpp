// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <codec/decode.hpp>

#include <da3/photo.hpp>

namespace da3 {
namespace {

Photo photo_of(codec::Decoded decoded) {
  Photo photo{std::move(decoded.image), std::nullopt, ""};
  if (decoded.exif_focal) {
    photo.focal_px = decoded.exif_focal->focal_px;
    photo.focal_source = std::move(decoded.exif_focal->source);
  }
  return photo;
}

}  // namespace

Photo read_photo(const std::filesystem::path& file) {
  return photo_of(codec::decode_file(file));
}

Photo decode_photo(std::span<const std::uint8_t> bytes) {
  return photo_of(codec::decode(bytes, "the picture in memory"));
}

}  // namespace da3
