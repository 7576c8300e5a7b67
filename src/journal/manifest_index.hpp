// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <journal/records.hpp>

namespace da3::journal {

struct LineFacts;

/// What earlier runs recorded of one input.
struct KnownImage {
  ImageStatus status = ImageStatus::kDone;  ///< kDone or kFailed
  InputIdentity identity;                   ///< Zero if unknown
  std::string_view results_digest;       ///< Of the run that wrote the record; empty if no header precedes it
  std::string_view stem;                 ///< Results' path below the folder without suffix; empty if none yet
  std::vector<formats::Format> formats;  ///< Result files of the last record
};

/// Where a record stands, in the order of what was said last.
struct RecordPlace {
  std::int64_t began_ms = 0;  ///< Of its run
  std::uint32_t file = 0;     ///< As they were read, from 1
  std::uint64_t offset = 0;   ///< Of its line in there

  auto operator<=>(const RecordPlace&) const = default;
};

/// The last record of an input. Lifetime of its views: the index.
struct LastRecord {
  std::string_view path;
  KnownImage image;
  std::shared_ptr<const RunRecord> run;  ///< That wrote it; null where its header cannot be read
  std::string_view manifest;             ///< The file that holds it
  RecordPlace place;
};

/// What is to be done about files and headers that are not da3's, or a newer one's.
enum class Foreign { kRefuse, kPassOver };

/// The last record of every path of manifest files, about 250 bytes a path. Every reader of manifests asks it
/// which record of an input is the last one.
class ManifestIndex {
 public:
  ManifestIndex();
  ManifestIndex(ManifestIndex&&) noexcept = default;
  ManifestIndex& operator=(ManifestIndex&&) noexcept = default;
  ManifestIndex(const ManifestIndex&) = delete;
  ManifestIndex& operator=(const ManifestIndex&) = delete;

  /// Adds a file's records. Of one input those of the later run win, of one run or of unknown time those
  /// added later. A last line without line end that is not whole is ignored, as are lines that are no records
  /// (counted); records behind a header that cannot be read are of no known run. Returns the bytes up to the
  /// end of the last whole line, and whether its line end is missing. Throws: Error kOutputFailed if it
  /// cannot be read, kOutputExists if it is no regular file; with kRefuse, to which a missing file is an
  /// empty one, kOutputExists also if it is no manifest of da3, kUsage if a newer da3 wrote it.
  struct ReadResult {
    std::uint64_t valid_bytes = 0;
    bool line_end_missing = false;
  };
  ReadResult add_file(const std::filesystem::path& file, Foreign foreign = Foreign::kRefuse);

  /// What is known of an input. Lifetime of its views: the index.
  std::optional<KnownImage> find(std::string_view path) const;

  /// The same whatever the text of the input's path: the last record of `path`, or that of the input whose
  /// the results of that name are now (of `stem` where `path` has none yet) if it is the same file under
  /// another text (`./a.jpg`, an absolute path) and was recorded later. Touches the file system only where
  /// the texts differ. Lifetime: as above.
  std::optional<KnownImage> find_input(std::string_view path, std::string_view stem,
                                       const std::optional<InputIdentity>& identity) const;

  /// Calls `use` with the last record of every input, in the order in which they were read: of the texts of a
  /// path that named results alike, and of inputs that had a name one after another, that of the last one.
  void for_each_last(const std::function<void(const LastRecord&)>& use) const;

  /// True if the results `stem` belong to another file than `path`. Two texts name one file if both lead to
  /// it or, where the recorded one leads nowhere from here, if size and time of change agree.
  bool is_of_another(std::string_view stem, std::string_view path,
                     const std::optional<InputIdentity>& identity) const;

  /// The input that the results `stem` belong to, if any.
  std::optional<std::string_view> owner_of(std::string_view stem) const;

  /// True if `file`, a path below the folder, was ever recorded as a result.
  bool owns(std::string_view file) const;

  /// True if that file of the results `stem` was ever recorded, and under no other stem: `a.vis.png` is of
  /// `a` in one format and of `a.vis` in another.
  bool owns(std::string_view stem, formats::Format format) const;

  /// True if any result file was ever recorded.
  bool has_results() const { return !by_stem_.empty(); }
  /// True if any of that format was.
  bool has_results(formats::Format format) const;

  /// The header of the last run in the files added.
  const std::optional<RunRecord>& last_run() const { return last_run_; }

  std::size_t size() const { return entries_.size(); }
  /// Lines that are no records, such as those of a run that was cut off before another one went on.
  std::uint64_t damaged_lines() const { return damaged_lines_; }

 private:
  struct Entry {
    std::string_view path;
    std::string_view stem;
    InputIdentity identity;
    RecordPlace last;
    std::int32_t run = -1;
    ImageStatus status = ImageStatus::kDone;
    std::uint16_t formats = 0;
  };

  /// Files of one stem: whose they are, since when, and which were ever recorded.
  struct Owned {
    RecordPlace since;
    std::uint32_t entry = 0;
    std::uint16_t formats = 0;
  };

  KnownImage known(const Entry& entry) const;
  std::string_view keep(std::string_view text);
  bool add_line(const std::filesystem::path& file, std::string_view line, Foreign foreign);
  bool add_run(const std::filesystem::path& file, std::string_view line, Foreign foreign);
  void add_image(const LineFacts& facts);

  std::deque<std::string> texts_;  ///< Blocks that the views point into
  std::vector<Entry> entries_;
  std::unordered_map<std::string_view, std::uint32_t> by_path_;
  std::unordered_map<std::string_view, Owned> by_stem_;
  std::vector<std::string> files_;
  std::vector<std::string> digests_;
  std::vector<std::shared_ptr<const RunRecord>> runs_;  ///< The last one of each digest
  std::int32_t run_ = -1;    ///< Index into both of the last header read; -1: it could not be read
  bool has_header_ = false;  ///< The file that is read
  RecordPlace place_;        ///< Of the line that is read
  std::optional<RunRecord> last_run_;
  std::uint64_t damaged_lines_ = 0;
};

}  // namespace da3::journal
