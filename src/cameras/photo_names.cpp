// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <utility>

#include <cameras/photo_names.hpp>

namespace da3::cameras {
namespace {

namespace fs = std::filesystem;

/// Components that `name` and the end of `path` have in common, counted from the file's name.
std::size_t common_end(const fs::path& path, const fs::path& name) {
  const std::vector<fs::path> a(path.begin(), path.end());
  const std::vector<fs::path> b(name.begin(), name.end());
  std::size_t count = 0;
  while (count < std::min(a.size(), b.size()) && a[a.size() - 1 - count] == b[b.size() - 1 - count]) ++count;
  return count;
}

std::size_t length_of(const fs::path& name) {
  return static_cast<std::size_t>(std::distance(name.begin(), name.end()));
}

}  // namespace

PhotoNames::PhotoNames(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    of_file_name_[fs::path(name).filename().string()].push_back(names_.size());
    names_.push_back(fs::path(name).lexically_normal());
  }
}

std::optional<PhotoNames::Found> PhotoNames::find(const fs::path& path) const {
  const auto same_name = of_file_name_.find(path.filename().string());
  if (same_name == of_file_name_.end()) return std::nullopt;
  const fs::path whole = fs::absolute(path).lexically_normal();
  Found best{same_name->second.front(), true, false};
  std::pair<bool, std::size_t> most{false, 0};  // Whether it is an end of the path, and its length
  for (const std::size_t name : same_name->second) {
    const std::size_t length = common_end(whole, names_[name]);
    const std::pair<bool, std::size_t> here{length == length_of(names_[name]), length};
    if (here < most) continue;
    best = {here > most ? name : best.name, here > most, !here.first && length == 1};
    most = here;
  }
  return best;
}

}  // namespace da3::cameras
