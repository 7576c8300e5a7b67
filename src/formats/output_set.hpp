// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <da3/image.hpp>
#include <da3/model_spec.hpp>

#include <image/intrinsics.hpp>

namespace da3::formats {

/// A kind of result file (docs/output-formats.md). `none` on the command line is an empty list of these.
enum class Format {
  kPng16,
  kExr,
  kExr16,
  kNpz,
  kNpy,
  kPfm,
  kTiff,
  kGrey16,
  kPly,
  kVis,
  kVisJpeg,
  kSide,
  kSideJpeg,
  kHtml
};

inline constexpr std::array kAllFormats = {Format::kPng16,    Format::kExr, Format::kExr16,   Format::kNpz,
                                           Format::kNpy,      Format::kPfm, Format::kTiff,    Format::kGrey16,
                                           Format::kPly,      Format::kVis, Format::kVisJpeg, Format::kSide,
                                           Format::kSideJpeg, Format::kHtml};

/// The name on the command line and in records, such as "png16".
std::string_view to_string(Format format);

/// The format of that name. Throws: Error kUsage with the names that exist.
Format parse_format(std::string_view text);

/// The formats of a list such as "png16,vis", each once, in the order of kAllFormats; empty for "none".
/// Throws: Error kUsage for an empty list, an unknown name, or `none` beside another.
std::vector<Format> parse_formats(std::string_view list);

/// "png16,vis" for a list of formats, "none" for an empty one: the same text for every order of the user's
/// list.
std::string format_list(const std::vector<Format>& formats);

/// What a format adds to a result's stem, such as ".png" or ".vis.jpg".
std::string_view suffix(Format format);

/// True for formats that hold confidence and sky beside depth (npz, exr, exr16).
bool holds_extra_maps(Format format);

/// True for formats that cannot be made without the camera (ply).
bool needs_camera(Format format);

/// True for formats that show the photo, or take colours from it (side, html, ply).
bool shows_photo(Format format);

/// True for formats whose grey or colours have a range (vis, side, html, grey16).
bool has_range(Format format);

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
  std::optional<image::Intrinsics> camera;  ///< In pixels of depth; needed where `needs_camera`
  std::optional<Image> photo;               ///< Of depth's size; needed for side, ply is grey without it
};

}  // namespace da3::formats
