// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

// The result formats (docs/output-formats.md) as data alone, so that who links no encoder can name them.
namespace da3::formats {

/// A kind of result file. `none` on the command line is an empty list of these.
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

/// All that is known of a format without making it.
struct FormatFacts {
  Format format;
  std::string_view name;    ///< On the command line and in records, such as "png16"
  std::string_view suffix;  ///< What it adds to a result's stem, such as ".vis.jpg"
  bool extra_maps = false;  ///< Holds confidence and sky next to depth
  bool camera = false;      ///< Cannot be made without the camera
  bool photo = false;       ///< Shows the photo, or takes colours from it
  bool range = false;       ///< Its grey or colours have a range
};

inline constexpr std::array kFormatFacts = {
    FormatFacts{Format::kPng16, "png16", ".png"},
    FormatFacts{Format::kExr, "exr", ".exr", /*extra_maps=*/true},
    FormatFacts{Format::kExr16, "exr16", ".half.exr", /*extra_maps=*/true},
    FormatFacts{Format::kNpz, "npz", ".npz", /*extra_maps=*/true},
    FormatFacts{Format::kNpy, "npy", ".npy"},
    FormatFacts{Format::kPfm, "pfm", ".pfm"},
    FormatFacts{Format::kTiff, "tiff", ".tiff"},
    FormatFacts{Format::kGrey16, "grey16", ".grey.png", false, false, false, /*range=*/true},
    FormatFacts{Format::kPly, "ply", ".ply", false, /*camera=*/true, /*photo=*/true},
    FormatFacts{Format::kVis, "vis", ".vis.png", false, false, false, /*range=*/true},
    FormatFacts{Format::kVisJpeg, "vis-jpg", ".vis.jpg", false, false, false, /*range=*/true},
    FormatFacts{Format::kSide, "side", ".side.png", false, false, /*photo=*/true, /*range=*/true},
    FormatFacts{Format::kSideJpeg, "side-jpg", ".side.jpg", false, false, /*photo=*/true, /*range=*/true},
    FormatFacts{Format::kHtml, "html", ".view.jpg", false, false, /*photo=*/true, /*range=*/true},
};

/// In the order of result lists.
inline constexpr auto kAllFormats = [] {
  std::array<Format, kFormatFacts.size()> all{};
  std::transform(kFormatFacts.begin(), kFormatFacts.end(), all.begin(),
                 [](const FormatFacts& facts) { return facts.format; });
  return all;
}();

/// No result files, as a list of formats.
inline constexpr std::string_view kNone = "none";

/// Every name that --format takes, `none` last.
inline std::vector<std::string_view> format_names() {
  std::vector<std::string_view> names;
  for (const FormatFacts& facts : kFormatFacts) names.push_back(facts.name);
  names.push_back(kNone);
  return names;
}

}  // namespace da3::formats
