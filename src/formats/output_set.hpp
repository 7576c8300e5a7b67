// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <formats/format_table.hpp>

#include <da3/image.hpp>
#include <da3/model_spec.hpp>

#include <image/colormap.hpp>
#include <image/intrinsics.hpp>

namespace da3::formats {

/// The name on the command line and in records, such as "png16".
std::string_view to_string(Format format);

/// The format of that name. Throws: Error kUsage with the names that exist.
Format parse_format(std::string_view text);

/// The formats of these names, each once, in the order of kAllFormats; `none` is no format. Throws: as
/// parse_format. What a list may be, options::check_formats knows.
std::vector<Format> parse_formats(const std::vector<std::string>& names);

/// "png16,vis" for a list of formats, "none" for an empty one: the same text for every order of the user's
/// list.
std::string format_list(const std::vector<Format>& formats);

/// What a format adds to a result's stem, such as ".png" or ".vis.jpg".
std::string_view suffix(Format format);

/// True if results of the stem could have names of another stem's in another format: `a.vis` has the depth
/// `a.vis.png`, which is `a`'s picture.
bool is_ambiguous_stem(std::string_view stem);

/// True for formats that hold confidence and sky next to depth.
bool holds_extra_maps(Format format);

/// True for formats that cannot be made without the camera (ply).
bool needs_camera(Format format);

/// True for formats that show the photo, or take colours from it (side, html, ply).
bool shows_photo(Format format);

/// True for formats whose grey or colours have a range (vis, side, html, grey16).
bool has_range(Format format);
bool takes_preview(Format format);

/// True if `list` has `format`.
bool contains(const std::vector<Format>& list, Format format);

/// The results of one photo.
struct OutputSet {
  DepthMap depth;  ///< (H0, W0), or (H, W) with `--size model`. Values that are not finite mean: no value
  DepthKind kind = DepthKind::kRelative;
  std::optional<std::string> unit;     ///< "m" or none
  std::optional<DepthMap> confidence;  ///< Of depth's size
  std::optional<DepthMap> sky;         ///< Of depth's size
  /// Of 16-bit PNG where several maps share one scale: smallest and largest value. None: the map's own.
  std::optional<std::pair<float, float>> range;
  /// Of depth, where `summarise` found them: smallest and largest finite value, and what pictures show.
  std::optional<std::pair<float, float>> extent;
  std::optional<image::NearRange> near_range;
  std::optional<image::Intrinsics> camera;  ///< In pixels of depth; needed where `needs_camera`
  std::optional<Image> photo;               ///< Of depth's size; needed for side, ply is grey without it
};

}  // namespace da3::formats
