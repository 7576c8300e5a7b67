// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace da3::core {

/// A name in a folder, which is what is lost where a file is replaced by rename or removed: two hard links of
/// one file are two entries, and one entry may have many paths.
struct FolderEntry {
  std::uint64_t device = 0;  ///< Of the folder
  std::uint64_t inode = 0;   ///< Of the folder
  std::string name;

  auto operator<=>(const FolderEntry&) const = default;
};

/// The entry that `path` names, be it a link or not there; none where there is no such folder.
std::optional<FolderEntry> entry_of(const std::filesystem::path& path);

/// The entry of the file that `path` and its links lead to; none where there is no file.
std::optional<FolderEntry> entry_behind(const std::filesystem::path& path);

}  // namespace da3::core
