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
  /// The photo and the coloured map side by side, of --preview's size.
  Image side();

  /// True for a picture that --preview makes smaller.
  bool shrinks(Size size) const;
  bool shrinks_map() const { return shrinks(set.depth.size); }

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

/// Bytes that a PNG made row by row takes next to the maps: the file, of at most `file_bytes` a pixel.
/// (Packing holds less than 1 MiB.)
std::uint64_t png_need(std::uint64_t pixels, std::uint64_t file_bytes);

}  // namespace da3::formats
