// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <sstream>

#include <bench/environment/system_files.hpp>

namespace da3::bench {

std::optional<std::string> value_after(std::string_view text, std::string_view key) {
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start);
    if (line.starts_with(key)) {
      const std::size_t value = line.find_first_not_of(" \t:=", key.size());
      return std::string(value == std::string_view::npos ? std::string_view() : line.substr(value));
    }
    start = end + 1;
  }
  return std::nullopt;
}

std::vector<std::string> split_words(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

}  // namespace da3::bench
