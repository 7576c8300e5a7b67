// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <da3/image.hpp>

namespace da3::formats {

/// A photo in a gallery.
struct GalleryEntry {
  std::string name;     ///< As a reader knows it
  std::string picture;  ///< Path of its gallery picture below the page's folder, byte for byte
  Size photo;
  std::optional<std::pair<double, double>> depth;  ///< Nearest and farthest value
  std::optional<std::string> unit;
};

/// index.html of a result folder: its photos with their depth, in the order given. The pictures stay files of
/// their own, which the browser loads as the reader comes near them.
std::vector<std::uint8_t> encode_gallery(std::span<const GalleryEntry> entries);

}  // namespace da3::formats
