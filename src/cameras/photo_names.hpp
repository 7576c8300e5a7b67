// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace da3::cameras {

/// Finds photos by the names that a file of cameras has for them, which may be paths from another place.
class PhotoNames {
 public:
  struct Found {
    std::size_t name = 0;             ///< Its index
    bool is_clear = true;             ///< No other name has as much in common with the path
    bool by_file_name_alone = false;  ///< The name has folders, and none of them is the path's
  };

  PhotoNames() = default;
  explicit PhotoNames(const std::vector<std::string>& names);

  /// The longest name that is the end of `path`; where there is none, of the names with its file name that
  /// which has the most folders in common with it, counted from there.
  std::optional<Found> find(const std::filesystem::path& path) const;

  /// Of that index, without parts such as "./".
  const std::filesystem::path& name(std::size_t index) const { return names_[index]; }

 private:
  std::vector<std::filesystem::path> names_;
  std::unordered_map<std::string, std::vector<std::size_t>> of_file_name_;
};

}  // namespace da3::cameras
