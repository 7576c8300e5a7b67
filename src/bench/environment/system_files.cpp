// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <fstream>
#include <sstream>
#include <system_error>

#include <bench/environment/system_files.hpp>

namespace da3::bench {

std::optional<std::string> read_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  std::string content = text.str();
  const std::size_t end = content.find_last_not_of(" \t\r\n");
  content.resize(end == std::string::npos ? 0 : end + 1);
  return content;
}

std::optional<std::uint64_t> read_number(const std::filesystem::path& path) {
  const std::optional<std::string> text = read_text(path);
  if (!text) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

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

std::optional<std::filesystem::path> cgroup_folder(const std::filesystem::path& root,
                                                   std::string_view controller) {
  const std::optional<std::string> memberships = read_text(root / "proc/self/cgroup");
  if (!memberships) return std::nullopt;
  const std::filesystem::path mount = root / "sys/fs/cgroup";
  std::istringstream lines(*memberships);
  std::optional<std::filesystem::path> found;
  // "0::/path" is version 2; "4:cpu,cpuacct:/path" is version 1.
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1);
    const bool version_1 = names.find("," + std::string(controller) + ",") != std::string::npos;
    if (!version_1 && names != ",,") continue;
    const std::filesystem::path base = version_1 ? mount / controller : mount;
    std::error_code ignored;
    // Inside a container the path may be one of the host, and the own group is mounted on top.
    const std::filesystem::path own = base / std::filesystem::path(path).relative_path();
    found = std::filesystem::is_directory(own, ignored) ? own : base;
    if (version_1) break;
  }
  return found;
}

}  // namespace da3::bench
