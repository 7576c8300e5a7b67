// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <codec/encoded_picture.hpp>

// What an ISO picture file (ISO/IEC 23008-12, HEIC and AVIF) says of its items. libheif follows their
// references without looking for loops and leaves what the tiles of a grid do not cover as it was in memory
// (before 1.19), and tells neither of them.
namespace da3::codec {

inline constexpr const char* kHeifName = "HEIF";
inline constexpr const char* kHeifConvert = "convert it first, for example: heif-convert IN OUT.jpg";

/// Width and height by the item's `ispe` property; 0 without one.
struct HeifSize {
  std::uint64_t width = 0;
  std::uint64_t height = 0;

  friend bool operator==(const HeifSize&, const HeifSize&) = default;
};

struct HeifItem {
  std::string type;                     ///< "hvc1", "av01", "grid"
  std::vector<std::uint32_t> inputs{};  ///< Of a picture made of others, in the order of its `dimg` reference
  std::vector<std::uint32_t> alphas{};  ///< Items that are its alpha channel
  HeifSize stored{};
  HeifSize turned{};        ///< After its own quarter turns
  bool is_cropped = false;  ///< By a `clap` property
  bool is_alpha = false;
  std::vector<std::uint8_t> beginning{};          ///< Of the data of grids and AV1 pictures, up to 64 bytes
  std::span<const std::uint8_t> configuration{};  ///< `hvcC`, within the bytes of the file
};

struct HeifItems {
  std::uint32_t primary = 0;
  std::map<std::uint32_t, HeifItem> items{};
};

/// The items of the file's meta box. Throws: Error kImageCorrupt where it ends within a field or is there
/// twice.
HeifItems read_heif_items(const EncodedPicture& picture);

/// Throws where decoding the primary picture would not end, or leave pixels that nothing fills: Error
/// kImageCorrupt for items in a loop and grids whose tiles are not those that cover the picture,
/// kImageUnsupported for overlays and grids of pictures that are made of others, kImageTooLarge for a part
/// above `max_pixels`, by its property or its coded data.
void require_decodable(const EncodedPicture& picture, const HeifItems& items);

}  // namespace da3::codec
