// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>

#include <cli/help_text.hpp>

namespace da3::cli {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kWidestIndent = 40;

/// Where what follows a line's first column begins: behind two blanks after some text.
std::size_t indent_of(std::string_view line) {
  const std::size_t text = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t gap = line.find("  ", text);
  if (gap == std::string_view::npos) return text + 2;
  const std::size_t indent = line.find_first_not_of(' ', gap);
  return indent == std::string_view::npos || indent > kWidestIndent ? text + 2 : indent;
}

void append_folded(std::string& result, std::string line) {
  const std::size_t indent = indent_of(line);
  while (line.size() > kColumns) {
    std::size_t blank = line.rfind(' ', kColumns);
    if (blank == std::string::npos || blank <= indent) blank = line.find(' ', kColumns);
    if (blank == std::string::npos) break;
    result += line.substr(0, blank) + "\n";
    line = std::string(indent, ' ') + line.substr(blank + 1);
  }
  result += line + "\n";
}

}  // namespace

std::string fold_help(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    append_folded(result, std::string(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

}  // namespace da3::cli
