// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <system_error>

#include <core/read_file.hpp>
#include <hub/hf_cache.hpp>
#include <hub/hub_api.hpp>

namespace da3::hub {
namespace fs = std::filesystem;
namespace {

std::string environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr ? value : "";
}

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// A scalar of YAML: quoted, or up to a comment.
std::string_view scalar(std::string_view value) {
  value = trimmed(value);
  if (!value.empty() && (value.front() == '"' || value.front() == '\'')) {
    const std::size_t end = value.find(value.front(), 1);
    return end == std::string_view::npos ? std::string_view() : value.substr(1, end - 1);
  }
  return trimmed(value.substr(0, std::min(value.find(" #"), value.size())));
}

/// The value of a line of YAML that gives `field` one, with the field's name quoted or not.
std::optional<std::string_view> value_of(std::string_view line, std::string_view field) {
  const bool is_quoted = line.starts_with('"') || line.starts_with('\'');
  const std::string_view quote = line.substr(0, is_quoted ? 1 : 0);
  for (const std::string_view part : {quote, field, quote}) {
    if (!line.starts_with(part)) return std::nullopt;
    line.remove_prefix(part.size());
  }
  line = trimmed(line);
  return line.starts_with(':') ? std::optional(line.substr(1)) : std::nullopt;
}

/// True for a value that is not the text of this line: lists, blocks, references, or what follows below.
bool is_more_than_text(std::string_view value) {
  value = trimmed(value);
  return value.empty() || std::string_view("[{|>&*!#").find(value.front()) != std::string_view::npos;
}

/// The bytes of all files; nothing if one is missing.
std::optional<std::uint64_t> bytes_of(const fs::path& folder, const std::vector<std::string>& files) {
  std::uint64_t bytes = 0;
  for (const std::string& file : files) {
    std::error_code error;
    if (!fs::is_regular_file(folder / file, error)) return std::nullopt;
    bytes += fs::file_size(folder / file, error);
    if (error) return std::nullopt;
  }
  return bytes;
}

}  // namespace

fs::path hf_cache_folder() {
  if (const std::string cache = environment("HF_HUB_CACHE"); !cache.empty()) return cache;
  if (const std::string home = environment("HF_HOME"); !home.empty()) return fs::path(home) / "hub";
  if (const std::string cache = environment("XDG_CACHE_HOME"); !cache.empty())
    return fs::path(cache) / "huggingface" / "hub";
  const std::string home = environment("HOME");
  return home.empty() ? fs::path() : fs::path(home) / ".cache" / "huggingface" / "hub";
}

std::string cache_name(const std::string& repository) {
  std::string name = "models--" + repository;
  name.replace(name.find('/'), 1, "--");
  return name;
}

std::optional<std::string> licence_of_card(const std::string& card) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  std::istringstream lines(card.starts_with(kByteOrderMark) ? card.substr(kByteOrderMark.size()) : card);
  std::string line;
  if (!std::getline(lines, line) || trimmed(line) != "---") return "";
  while (std::getline(lines, line) && trimmed(line) != "---") {
    const auto value = value_of(line, "license");
    if (!value) continue;
    return is_more_than_text(*value) ? std::nullopt : std::optional(spdx_licence(scalar(*value)));
  }
  return "";
}

std::optional<CachedRevision> find_in_hf_cache(const std::string& repository,
                                               const std::vector<std::string>& files, const fs::path& cache) {
  if (cache.empty()) return std::nullopt;
  const fs::path root = cache / cache_name(repository);
  CachedRevision found;
  found.commit = trimmed(core::read_text(root / "refs" / "main"));
  const auto is_letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  if (found.commit.empty() || !std::ranges::all_of(found.commit, is_letter)) return std::nullopt;
  found.folder = root / "snapshots" / found.commit;
  const auto bytes = bytes_of(found.folder, files);
  if (!bytes) return std::nullopt;
  found.bytes = *bytes;
  if (const std::string card = core::read_text(found.folder / "README.md"); !card.empty())
    found.licence = licence_of_card(card);
  return found;
}

std::string stated_sha256(const fs::path& file) {
  constexpr std::size_t kDigits = 64;
  std::error_code error;
  const std::string name = fs::read_symlink(file, error).filename().string();
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return !error && name.size() == kDigits && std::ranges::all_of(name, is_digit) ? name : "";
}

}  // namespace da3::hub
