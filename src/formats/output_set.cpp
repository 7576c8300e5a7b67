// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>

#include <formats/output_set.hpp>

#include <da3/error.hpp>

namespace da3::formats {
namespace {

/// All that is known of a format without making it: a new one is a row here, a case in `encode` and, where it
/// can be read back, in `read_result`.
struct Row {
  Format format;
  std::string_view name;
  std::string_view suffix;
  bool extra_maps = false;
  bool camera = false;
  bool photo = false;
  bool range = false;
};
constexpr std::array<Row, kAllFormats.size()> kRows{{
    {Format::kPng16, "png16", ".png"},
    {Format::kExr, "exr", ".exr", /*extra_maps=*/true},
    {Format::kExr16, "exr16", ".half.exr", /*extra_maps=*/true},
    {Format::kNpz, "npz", ".npz", /*extra_maps=*/true},
    {Format::kNpy, "npy", ".npy"},
    {Format::kPfm, "pfm", ".pfm"},
    {Format::kTiff, "tiff", ".tiff"},
    {Format::kGrey16, "grey16", ".grey.png", false, false, false, /*range=*/true},
    {Format::kPly, "ply", ".ply", false, /*camera=*/true, /*photo=*/true},
    {Format::kVis, "vis", ".vis.png", false, false, false, /*range=*/true},
    {Format::kVisJpeg, "vis-jpg", ".vis.jpg", false, false, false, /*range=*/true},
    {Format::kSide, "side", ".side.png", false, false, /*photo=*/true, /*range=*/true},
    {Format::kSideJpeg, "side-jpg", ".side.jpg", false, false, /*photo=*/true, /*range=*/true},
    {Format::kHtml, "html", ".view.jpg", false, false, /*photo=*/true, /*range=*/true},
}};

const Row& row_of(Format format) {
  const auto* found =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) { return row.format == format; });
  if (found == kRows.end()) {
    throw Error(ErrorCode::kInternal, "a result format without a row; please report this as a bug");
  }
  return *found;
}

constexpr std::string_view kNone = "none";

std::string choices() {
  std::string names;
  for (const Row& row : kRows) names += std::string(row.name) + ", ";
  return names + std::string(kNone);
}

}  // namespace

std::string_view to_string(Format format) {
  return row_of(format).name;
}

Format parse_format(std::string_view text) {
  const auto* found =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) { return row.name == text; });
  if (found != kRows.end()) return found->format;
  throw Error(ErrorCode::kUsage,
              "no result format is called '" + std::string(text) + "'; choose one of " + choices());
}

std::vector<Format> parse_formats(std::string_view list) {
  std::vector<Format> asked;
  bool none = false;
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string_view name = list.substr(begin, end - begin);
    const auto* found =
        std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) { return row.name == name; });
    if (found != kRows.end()) {
      asked.push_back(found->format);
    } else if (name == kNone) {
      none = true;
    } else {
      throw Error(ErrorCode::kUsage, "--format " + std::string(list) + ": no result format is called '" +
                                         std::string(name) + "'; give a list such as png16,vis of " +
                                         choices());
    }
    if (end == list.size()) break;
    begin = end + 1;
  }
  if (none && !asked.empty()) {
    throw Error(ErrorCode::kUsage, "--format " + std::string(list) +
                                       ": 'none' means no files and cannot stand beside another format");
  }
  std::vector<Format> formats;
  for (const Format format : kAllFormats) {
    if (contains(asked, format)) formats.push_back(format);
  }
  return formats;
}

std::string format_list(const std::vector<Format>& formats) {
  std::string text;
  for (const Format format : kAllFormats) {
    if (contains(formats, format)) text += (text.empty() ? "" : ",") + std::string(to_string(format));
  }
  return text.empty() ? std::string(kNone) : text;
}

std::string_view suffix(Format format) {
  return row_of(format).suffix;
}

bool holds_extra_maps(Format format) {
  return row_of(format).extra_maps;
}

bool needs_camera(Format format) {
  return row_of(format).camera;
}

bool shows_photo(Format format) {
  return row_of(format).photo;
}

bool has_range(Format format) {
  return row_of(format).range;
}

bool contains(const std::vector<Format>& list, Format format) {
  return std::find(list.begin(), list.end(), format) != list.end();
}

}  // namespace da3::formats
