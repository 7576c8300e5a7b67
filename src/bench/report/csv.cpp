// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>

#include <bench/report/csv.hpp>

namespace da3::bench {
namespace {

std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string text = "\"";
  for (const char c : cell) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + "\"";
}

}  // namespace

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) line.append(i == 0 ? "" : ",").append(quoted(cells[i]));
  return line + "\n";
}

std::string csv_number(const std::optional<double>& value) {
  if (!value) return "";
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.9g", *value);
  return text.data();
}

}  // namespace da3::bench
