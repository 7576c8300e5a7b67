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

#include <journal/manifest.hpp>
#include <sys/stat.h>

#include <run/folder_listing.hpp>
#include <run/options.hpp>
#include <run/source.hpp>

namespace da3::run {

/// The inputs that the command line names: files, folders in natural order, globs, lists; one after the other
/// and only as far as asked for. Each path comes once, those of a list as often as they stand there. A list
/// is read while it is being written.
///
/// What results are named after: with `Options::root` every path below it. Without: a file's name, the path
/// of a folder's file below the folder (below the folder's name where several folders are given), and of a
/// list each path below the working folder. A path outside of these is named after the parts of its absolute
/// path.
///
/// Left out: the output folder, results recorded there that a folder of photos holds, folders below an
/// argument that hold results of earlier runs, and folders already seen below the same argument (links in a
/// circle).
class InputSource : public Source {
 public:
  /// `options` is used as long as this source is. Throws: Error kUsage for "-" without a list, for the output
  /// folder as an input.
  explicit InputSource(Options options);

  /// As Source::next. A path that is not there, a folder that cannot be read are items with an error.
  std::optional<Item> next() override;
  std::size_t folders_not_entered() const override { return folders_not_entered_; }

 private:
  /// A folder whose entries are being handed out.
  struct Frame {
    std::string folder;  ///< With a slash at its end
    FolderListing listing;
    bool beside_results = false;         ///< It lies below the output folder
    std::set<std::string> results = {};  ///< Of a scene that is there, as paths of inputs
  };

  bool is_of_a_scene(const std::string& path) const;
  std::optional<Item> next_of_folders();
  std::optional<std::string> next_argument();
  std::optional<Item> begin_argument(const std::string& argument);
  std::optional<Item> enter_folder(const std::string& folder, std::string path);
  Item item_of(std::string path) const;
  std::optional<Item> named_file(Item item, bool is_there);
  void begin_folder(const std::string& argument);
  void count_folder(const std::string& path, std::set<std::string>& names);
  bool is_excluded(const std::string& below, std::string_view name) const;
  void expand(const std::string& pattern);
  std::string name_below_root(const std::string& path) const;
  void require_path(const std::string& line) const;
  bool is_new(const std::string& path);
  bool is_output_folder(const struct stat& folder) const;
  bool would_enter(const std::string& folder) const;
  /// With a slash at its end; none outside of the output folder.
  std::optional<std::string> part_below_output(const std::string& folder);

  Options options_;
  std::filesystem::path working_folder_;
  std::vector<std::string> roots_;  ///< What names are below, without links and as the shell says it
  std::size_t num_folders_ = 0;     ///< Among the arguments
  std::set<std::string> shared_folder_names_;  ///< Last names that several of them have
  std::size_t next_input_ = 0;
  bool in_list_ = false;
  bool list_begun_ = false;
  std::deque<std::string> expanded_;  ///< What a glob matched, not yet begun
  std::vector<Frame> frames_;         ///< From the argument down to the folder at hand
  std::uint32_t below_ = 0;           ///< Length of the argument's part of paths in `frames_`
  std::string above_;                 ///< What stands before that part in names
  bool in_shard_ = false;             ///< As Item::in_shard, of the items of `frames_`
  std::set<FolderIdentity> visited_;  ///< Below this argument
  std::size_t folders_not_entered_ = 0;
  std::optional<journal::OwnFiles> results_;      ///< Of the output folder, once a folder lies below it
  std::unordered_set<std::uint64_t> seen_paths_;  ///< Hashes; kept only where a path can come twice
  std::string named_folder_;                      ///< Folder of the last file that was named itself
  std::unique_ptr<FolderListing> named_listing_;
};

/// True if this shard takes the input. Pure; decided by the name of its results, so that neither the text of
/// a path nor two inputs of one name can end up in different shards.
bool takes(const Shard& shard, const Item& item);

}  // namespace da3::run
