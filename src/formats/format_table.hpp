// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <core/text.hpp>

// The result formats (docs/output-formats.md): one row each, and one file in results/.
namespace da3::formats {

struct OutputSet;
struct EncodeOptions;
class Encoding;

/// A kind of result file, in the order of the rows. `none` on the command line is an empty list of these.
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
  bool preview = false;     ///< May be made smaller than the depth
  /// Which of several files is read back: the lowest, of exact values with further maps. 0: none is.
  int read_rank = 0;
};

/// The bytes of the file.
using EncodeFile = std::vector<std::uint8_t>(Encoding& encoding);
/// Bytes of memory, at most, that making the file of so many pixels takes next to the `maps` and the photo,
/// the file among them.
using MemoryNeed = std::uint64_t(std::uint64_t pixels, std::uint64_t maps, const EncodeOptions& options);
/// What read_result gives.
using ReadFile = OutputSet(std::span<const std::uint8_t> bytes, const std::string& name);

struct FormatRow {
  FormatFacts facts;
  EncodeFile* encode;
  MemoryNeed* need;
  ReadFile* read = nullptr;
};

EncodeFile encode_png16_file, encode_exr_file, encode_exr16_file, encode_npz_file, encode_npy_file,
    encode_pfm_file, encode_tiff_file, encode_grey16_file, encode_ply_file, encode_vis_file,
    encode_vis_jpeg_file, encode_side_file, encode_side_jpeg_file, encode_html_file;
MemoryNeed need_png16, need_exr, need_npz, need_npy, need_pfm, need_tiff, need_grey16, need_ply, need_vis,
    need_vis_jpeg, need_side, need_side_jpeg, need_html;
ReadFile read_png16, read_exr, read_npz, read_npy, read_pfm, read_tiff;

// clang-format off
/// Who links no encoder uses kFormatFacts.
inline constexpr std::array kFormatRows = {
    FormatRow{{.format = Format::kPng16, .name = "png16", .suffix = ".png", .read_rank = 6},
              encode_png16_file, need_png16, read_png16},
    FormatRow{{.format = Format::kExr, .name = "exr", .suffix = ".exr", .extra_maps = true, .read_rank = 2},
              encode_exr_file, need_exr, read_exr},
    FormatRow{{.format = Format::kExr16, .name = "exr16", .suffix = ".half.exr", .extra_maps = true, .read_rank = 7},
              encode_exr16_file, need_exr, read_exr},
    FormatRow{{.format = Format::kNpz, .name = "npz", .suffix = ".npz", .extra_maps = true, .read_rank = 1},
              encode_npz_file, need_npz, read_npz},
    FormatRow{{.format = Format::kNpy, .name = "npy", .suffix = ".npy", .read_rank = 4},
              encode_npy_file, need_npy, read_npy},
    FormatRow{{.format = Format::kPfm, .name = "pfm", .suffix = ".pfm", .read_rank = 5},
              encode_pfm_file, need_pfm, read_pfm},
    FormatRow{{.format = Format::kTiff, .name = "tiff", .suffix = ".tiff", .read_rank = 3},
              encode_tiff_file, need_tiff, read_tiff},
    FormatRow{{.format = Format::kGrey16, .name = "grey16", .suffix = ".grey.png", .range = true},
              encode_grey16_file, need_grey16},
    FormatRow{{.format = Format::kPly, .name = "ply", .suffix = ".ply", .camera = true, .photo = true},
              encode_ply_file, need_ply},
    FormatRow{{.format = Format::kVis, .name = "vis", .suffix = ".vis.png", .range = true, .preview = true},
              encode_vis_file, need_vis},
    FormatRow{{.format = Format::kVisJpeg, .name = "vis-jpg", .suffix = ".vis.jpg", .range = true, .preview = true},
              encode_vis_jpeg_file, need_vis_jpeg},
    FormatRow{{.format = Format::kSide, .name = "side", .suffix = ".side.png", .photo = true, .range = true,
               .preview = true},
              encode_side_file, need_side},
    FormatRow{{.format = Format::kSideJpeg, .name = "side-jpg", .suffix = ".side.jpg", .photo = true, .range = true,
               .preview = true},
              encode_side_jpeg_file, need_side_jpeg},
    FormatRow{{.format = Format::kHtml, .name = "html", .suffix = ".view.jpg", .photo = true, .range = true},
              encode_html_file, need_html},
};
// clang-format on

/// The rows' facts, without a reference to an encoder.
inline constexpr auto kFormatFacts = [] {
  std::array<FormatFacts, kFormatRows.size()> facts{};
  std::ranges::transform(kFormatRows, facts.begin(), &FormatRow::facts);
  return facts;
}();

inline constexpr auto kAllFormats = [] {
  std::array<Format, kFormatRows.size()> all{};
  std::ranges::transform(kFormatFacts, all.begin(), &FormatFacts::format);
  return all;
}();
static_assert(std::ranges::is_sorted(kAllFormats) && kAllFormats.back() == Format{kAllFormats.size() - 1},
              "rows are in the order of the enumerators, each once");

/// No result files, as a list of formats.
inline constexpr std::string_view kNoFormat = "none";

/// Every name that --format takes, `none` last.
inline std::vector<std::string_view> format_names() {
  std::vector<std::string_view> names;
  for (const FormatFacts& facts : kFormatFacts) names.push_back(facts.name);
  names.push_back(kNoFormat);
  return names;
}

/// The names of the formats for which `included` is true, such as "png16, exr or npz".
template <typename Predicate>
std::string names_where(Predicate included, std::string_view last = " or ") {
  std::vector<std::string_view> names;
  for (const FormatFacts& facts : kFormatFacts) {
    if (included(facts)) names.push_back(facts.name);
  }
  return core::listed(names, last);
}

/// Those that are read back.
inline std::string readable_names() {
  return names_where([](const FormatFacts& facts) { return facts.read_rank > 0; });
}

}  // namespace da3::formats
