// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include <formats/html/gallery.hpp>
#include <formats/html/page_text.hpp>
#include <page_source.hpp>

namespace da3::formats {
namespace {

using Json = nlohmann::ordered_json;

/// A path as a relative URL: all bytes but a few as %XX (RFC 3986), so that names in any encoding are found.
std::string url_of(std::string_view path) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string url = "./";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (kPlain.find(c) != std::string_view::npos) {
      url += c;
    } else {
      url += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return url;
}

}  // namespace

std::vector<std::uint8_t> encode_gallery(std::span<const GalleryEntry> entries) {
  Json photos = Json::array();
  for (const GalleryEntry& entry : entries) {
    Json photo = {{"name", entry.name},
                  {"picture", url_of(entry.picture)},
                  {"width", entry.photo.width},
                  {"height", entry.photo.height},
                  {"near", nullptr},
                  {"far", nullptr},
                  {"unit", nullptr}};
    if (entry.depth) {
      photo["near"] = entry.depth->first;
      photo["far"] = entry.depth->second;
    }
    if (entry.unit) photo["unit"] = *entry.unit;
    photos.push_back(std::move(photo));
  }
  const std::string script = std::string(page_source::k_compare_js) + std::string(page_source::k_gallery_js);
  return fill_page(
      page_source::k_gallery_html,
      {{"style", page_source::k_page_css}, {"script", script}, {"photos", json_for_page(photos)}});
}

}  // namespace da3::formats
