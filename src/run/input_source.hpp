// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <filesystem>
#include <istream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include <sys/stat.h>

#include <run/folder_listing.hpp>
#include <run/options.hpp>
#include <run/source.hpp>

namespace da3::run {

/// The inputs that the command line names: files, folders in natural order, globs, lists; one after the other
/// and only as far as asked for. Each path comes once. A list is read while it is being written.
///
/// A file's results lie at its name, those of a folder's files at their path below the folder. The output
/// folder and folders already seen below the same argument (links in a circle) are left out.
class InputSource : public Source {
 public:
  /// `options` is used as long as this source is. Throws: Error kUsage for "-" without a list, for the output
  /// folder as an input.
  explicit InputSource(Options options);

  /// As Source::next. A path that is not there, a folder that cannot be read are items with an error.
  std::optional<Item> next() override;

 private:
  /// A folder whose entries are being handed out.
  struct Frame {
    std::string folder;  ///< With a slash at its end
    FolderListing listing;
  };

  std::optional<Item> next_of_folders();
  std::optional<std::string> next_argument();
  std::optional<Item> begin_argument(const std::string& argument);
  std::optional<Item> enter_folder(const std::string& folder, std::string path);
  std::optional<Item> named_file(std::string path);
  void expand(const std::string& pattern);
  bool is_new(const std::string& path);
  bool is_output_folder(const struct stat& folder) const;

  Options options_;
  std::size_t next_input_ = 0;
  bool in_list_ = false;
  std::deque<std::string> expanded_;              ///< What a glob matched, not yet begun
  std::vector<Frame> frames_;                     ///< From the argument down to the folder at hand
  std::uint32_t below_ = 0;                       ///< Length of the argument's part of paths in `frames_`
  std::set<FolderIdentity> visited_;              ///< Below this argument
  std::unordered_set<std::uint64_t> seen_paths_;  ///< Hashes; kept only where a path can come twice
  std::string named_folder_;                      ///< Folder of the last file that was named itself
  std::unique_ptr<FolderListing> named_listing_;
};

/// True if this shard takes the input. Pure; decided by the name of its results, so that neither the text of
/// a path nor two inputs of one name can end up in different shards.
bool takes(const Shard& shard, const Item& item);

}  // namespace da3::run
