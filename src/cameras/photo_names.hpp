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
    std::size_t name = 0;  ///< Its index
    bool is_clear = true;  ///< No other name has as much in common with the path
  };

  PhotoNames() = default;
  explicit PhotoNames(const std::vector<std::string>& names);

  /// Of the names with the file name of `path` that whose end has the most folders in common with it.
  std::optional<Found> find(const std::filesystem::path& path) const;

 private:
  std::vector<std::filesystem::path> names_;
  std::unordered_map<std::string, std::vector<std::size_t>> of_file_name_;
};

}  // namespace da3::cameras
