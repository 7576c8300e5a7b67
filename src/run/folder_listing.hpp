// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace da3::run {

/// What a folder holds for us, in natural order; names packed into one text (a million of them in about 30
/// MB).
class FolderListing {
 public:
  enum class Kind : std::uint8_t { kFolder, kPicture, kUnsupported };
  /// Whether the names of files that are no pictures by name are kept: one of them may be named itself.
  enum class Others : std::uint8_t { kLeftOut, kKept };

  /// Reads a folder. Hidden entries and files that are no pictures by name are left out. Links are followed;
  /// one that leads nowhere counts as a file. Throws: Error kInputUnreadable, kInputNotFound.
  /// `excluded`: names that are left out as if they were not there.
  explicit FolderListing(const std::filesystem::path& folder,
                         const std::function<bool(std::string_view)>& excluded = {},
                         Others others = Others::kLeftOut);

  /// Index of the next entry in natural order; none at the end. Sorted as far as asked for.
  std::optional<std::size_t> next();

  /// Of an entry that `next` has given.
  std::string_view name(std::size_t index) const;
  /// Files here that are named as da3's records of results are; also excluded ones.
  const std::vector<std::string>& manifests() const { return manifests_; }
  Kind kind(std::size_t index) const { return entries_[index].kind; }
  /// The HEIC or AVIF file of the same stem that this picture stands for, which is left out; empty if none.
  std::string_view twin(std::size_t index) const;
  /// Another picture of this folder has the same stem.
  bool shares_stem(std::size_t index) const { return entries_[index].shares_stem; }
  /// The same for the name of any file of this folder; true of one that is left out for its twin. Of one that
  /// is no picture by name: another one is a picture by name or, of those kept, by its first bytes.
  bool shares_stem(std::string_view name) const;

 private:
  struct Entry {
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
    Kind kind = Kind::kPicture;
    bool shares_stem = false;
  };

  /// A file of `others_`.
  struct Other {
    std::uint64_t stem = 0;  ///< Its hash
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
  };

  void add(const char* name, Kind kind);
  void add_other(std::string_view name);
  bool other_shares_stem(std::string_view name, std::uint64_t stem) const;
  void sort_more();
  void find_twins();
  bool yields(const Entry& entry) const;
  void find_shared_stems();

  std::string names_;
  std::vector<std::string> manifests_;
  std::vector<Entry> entries_;  ///< The first `sorted_` in their place
  std::size_t sorted_ = 0;
  std::size_t next_ = 0;
  std::unordered_map<std::uint64_t, std::string> twins_;  ///< By the hash of their stem
  std::vector<std::uint64_t> stems_;                      ///< Hashes of all, ascending
  std::vector<Other> others_;                             ///< By their stems
  std::filesystem::path folder_;
};

/// What tells folders apart however they are reached.
struct FolderIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  auto operator<=>(const FolderIdentity&) const = default;
};

}  // namespace da3::run
