// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <formats/encode.hpp>

namespace da3::formats {

/// The results of one photo on their way into files: what several formats show is made once.
class Encoding {
 public:
  Encoding(const OutputSet& results, const EncodeOptions& looks) : set(results), options(looks) {}

  /// The coloured map, of --preview's size.
  const Image& vis();
  /// The photo and the coloured map side by side.
  Image side();

  const OutputSet& set;
  const EncodeOptions& options;
  std::optional<Png16Scale> png16;  ///< Set by png16, for the record

 private:
  std::optional<Image> vis_;
};

/// The maps of `set` with depth called `depth_name`.
NamedMaps named_maps(const OutputSet& set, const char* depth_name);

/// fx, fy, cx, cy with `between` between them; empty without a camera.
std::string camera_text(const OutputSet& set, const char* between);

// Edges between far apart colours are what a coloured map is made of; libjpeg's usual 75 shows rings along
// them.
inline constexpr int kJpegQuality = 92;

/// Bytes that a PNG takes next to the maps: the rows; their filtered and packed copies where they are packed
/// at once; the file.
std::uint64_t png_need(std::uint64_t pixels, std::uint64_t pixel_bytes);

}  // namespace da3::formats
