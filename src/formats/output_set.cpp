// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <string>

#include <formats/output_set.hpp>

#include <core/nearest.hpp>

namespace da3::formats {
namespace {

const FormatFacts& facts_of(Format format) {
  return kFormatFacts.at(static_cast<std::size_t>(format));
}

}  // namespace

std::string_view to_string(Format format) {
  return facts_of(format).name;
}

Format parse_format(std::string_view text) {
  const auto* found = std::ranges::find(kFormatFacts, text, &FormatFacts::name);
  if (found != kFormatFacts.end()) return found->format;
  core::refuse_choice(text, format_names());
}

std::vector<Format> parse_formats(const std::vector<std::string>& names) {
  std::vector<Format> asked;
  for (const std::string& name : names) {
    if (name != kNoFormat) asked.push_back(parse_format(name));
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
    if (!contains(formats, format)) continue;
    if (!text.empty()) text += ',';
    text += to_string(format);
  }
  return text.empty() ? std::string(kNoFormat) : text;
}

std::string_view suffix(Format format) {
  return facts_of(format).suffix;
}

namespace {

/// What a suffix has more than another one that it ends with: ".vis" of ".vis.png" and ".png".
std::vector<std::string_view> find_ambiguous_ends() {
  std::vector<std::string_view> ends;
  for (const Format longer : kAllFormats) {
    for (const Format shorter : kAllFormats) {
      const std::string_view whole = suffix(longer);
      if (whole.size() <= suffix(shorter).size() || !whole.ends_with(suffix(shorter))) continue;
      ends.push_back(whole.substr(0, whole.size() - suffix(shorter).size()));
    }
  }
  return ends;
}

}  // namespace

bool is_ambiguous_stem(std::string_view stem) {
  static const std::vector<std::string_view> ends = find_ambiguous_ends();  // Asked for every input
  return std::ranges::any_of(ends, [&](std::string_view end) { return stem.ends_with(end); });
}

bool holds_extra_maps(Format format) {
  return facts_of(format).extra_maps;
}

bool needs_camera(Format format) {
  return facts_of(format).camera;
}

bool shows_photo(Format format) {
  return facts_of(format).photo;
}

bool has_range(Format format) {
  return facts_of(format).range;
}

bool takes_preview(Format format) {
  return facts_of(format).preview;
}

bool contains(const std::vector<Format>& list, Format format) {
  return std::find(list.begin(), list.end(), format) != list.end();
}

}  // namespace da3::formats
