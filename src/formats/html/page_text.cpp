// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <formats/html/page_text.hpp>

#include <da3/error.hpp>

namespace da3::formats {

std::vector<std::uint8_t> fill_page(
    std::string_view page, std::initializer_list<std::pair<std::string_view, std::string_view>> texts) {
  std::size_t expected = page.size();
  for (const auto& [name, text] : texts) expected += text.size();
  std::vector<std::uint8_t> bytes;
  bytes.reserve(expected);
  const auto put = [&](std::string_view text) { bytes.insert(bytes.end(), text.begin(), text.end()); };
  while (true) {
    const std::size_t begin = page.find("{{");
    put(page.substr(0, begin));
    if (begin == std::string_view::npos) return bytes;
    page.remove_prefix(begin + 2);
    const std::size_t end = page.find("}}");
    const std::string_view name = page.substr(0, end);
    const auto* found = texts.begin();
    while (found != texts.end() && found->first != name) ++found;
    if (found == texts.end())
      throw Error(ErrorCode::kInternal, "page: nothing to put for " + std::string(name));
    put(found->second);
    page.remove_prefix(end + 2);
  }
}

std::string json_for_page(const nlohmann::ordered_json& json) {
  const std::string plain = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  std::string text;
  text.reserve(plain.size());
  for (const char c : plain) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace da3::formats
