// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <system_error>

#include <sys/stat.h>

#include <core/folder_entry.hpp>

namespace da3::core {

std::optional<FolderEntry> entry_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  struct stat status{};
  if (path.filename().empty() || stat(folder.c_str(), &status) != 0) return std::nullopt;
  return FolderEntry{static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino),
                     path.filename().string()};
}

std::optional<FolderEntry> entry_behind(const std::filesystem::path& path) {
  std::error_code failed;
  const std::filesystem::path end = std::filesystem::canonical(path, failed);
  return failed ? std::nullopt : entry_of(end);
}

}  // namespace da3::core
