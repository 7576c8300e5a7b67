// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <formats/output_set.hpp>

#include <da3/error.hpp>

#include <core/names.hpp>

namespace da3::formats {
namespace {

constexpr core::NameTable<Format, 8> kNames{{{Format::kPng16, "png16"},
                                             {Format::kExr, "exr"},
                                             {Format::kNpz, "npz"},
                                             {Format::kNpy, "npy"},
                                             {Format::kPfm, "pfm"},
                                             {Format::kVis, "vis"},
                                             {Format::kSide, "side"},
                                             {Format::kHtml, "html"}}};
constexpr std::string_view kNone = "none";

std::string choices() {
  std::string names;
  for (const auto& [format, name] : kNames) names += std::string(name) + ", ";
  return names + std::string(kNone);
}

}  // namespace

std::string_view to_string(Format format) {
  return core::name_of(kNames, format);
}

Format parse_format(std::string_view text) {
  return core::value_of(kNames, "result format", text);
}

std::vector<Format> parse_formats(std::string_view list) {
  std::vector<Format> asked;
  bool none = false;
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string_view name = list.substr(begin, end - begin);
    const auto* found =
        std::find_if(kNames.begin(), kNames.end(), [&](const auto& each) { return each.second == name; });
    if (found != kNames.end()) {
      asked.push_back(found->first);
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
  switch (format) {
    case Format::kPng16:
      return ".png";
    case Format::kExr:
      return ".exr";
    case Format::kNpz:
      return ".npz";
    case Format::kNpy:
      return ".npy";
    case Format::kPfm:
      return ".pfm";
    case Format::kVis:
      return ".vis.png";
    case Format::kSide:
      return ".side.png";
    case Format::kHtml:
      return ".view.jpg";
  }
  throw Error(ErrorCode::kInternal, "a result format without a suffix; please report this as a bug");
}

bool holds_extra_maps(Format format) {
  return format == Format::kNpz || format == Format::kExr;
}

bool shows_photo(Format format) {
  return format == Format::kSide || format == Format::kHtml;
}

bool contains(const std::vector<Format>& list, Format format) {
  return std::find(list.begin(), list.end(), format) != list.end();
}

}  // namespace da3::formats
