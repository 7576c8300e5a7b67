// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <formats/encode.hpp>
#include <journal/manifest.hpp>

#include <core/atomic_file.hpp>

namespace da3::journal {

struct ResultFolderOptions {
  std::optional<Shard> shard;
  bool overwrite = false;  ///< --overwrite: nothing counts as finished, other options are no error
  core::Durability durability = core::Durability::kProcess;
  /// True where A.png and a.png are one file; none: the disk is asked.
  std::optional<bool> folds_case{};
};

/// What is known of an input of `folder` that needs no work: done by the run of `results_digest`, unchanged
/// since, and all its files in place and not empty. `stem` is what its results would be called: it finds a
/// record under another text of the same path.
std::optional<KnownImage> finished_input(const std::filesystem::path& folder, const ManifestIndex& index,
                                         std::string_view results_digest, std::string_view path,
                                         std::string_view stem, const InputIdentity& identity);

/// The output folder of a run: knows what is finished, writes results, never replaces a file that da3 did not
/// write. Threads: `is_finished`, `write` and `record` from any.
class ResultFolder {
 public:
  /// Opens `folder` for `run`: lock, dead runs' temporaries removed, the run's header written.
  /// Throws: Error kUsage naming the options that differ from the last run's and the two ways out (unless
  /// overwrite), or for a folder of another command; what Manifest throws.
  ResultFolder(std::filesystem::path folder, const RunRecord& run, const ResultFolderOptions& options = {});

  const std::filesystem::path& folder() const { return folder_; }
  const Manifest& manifest() const { return manifest_; }

  /// The stem that an earlier run gave this input's results, if any; it wins over a new choice.
  std::optional<std::string_view> known_stem(std::string_view path,
                                             const std::optional<InputIdentity>& identity) const;

  /// The record of an input that needs no work, as finished_input: done by this model with these options. Its
  /// status is `skipped`, with the outputs.
  std::optional<ImageRecord> finished(std::string_view path, std::string_view stem,
                                      const InputIdentity& identity) const;

  /// Throws: Error kOutputCollision if files named `stem` here are another input's, of any run.
  void require_own(std::string_view path, std::string_view stem,
                   const std::optional<InputIdentity>& identity) const;

  /// Writes the files of one input as folder/STEM.suffix (sub-folders are made) and returns (format, path
  /// below the folder) for its record. Each file appears whole or not at all. Files of other formats that
  /// earlier runs wrote for the input are removed: no record would name them any more. Throws: Error
  /// kOutputExists if a foreign file is in the way (nothing is written then), kOutputCollision if that stem
  /// is another input's, of this run or an earlier one, kOutputName, kOutputFailed.
  std::vector<std::pair<formats::Format, std::string>> write(std::string_view path, std::string_view stem,
                                                             const std::optional<InputIdentity>& identity,
                                                             const formats::EncodedSet& set);

  /// The same for files that are made one after another, so that only one is held at a time: `contents` is
  /// called for each format once it is known that all can be written.
  using Contents = std::function<std::vector<std::uint8_t>(formats::Format)>;
  std::vector<std::pair<formats::Format, std::string>> write(std::string_view path, std::string_view stem,
                                                             const std::optional<InputIdentity>& identity,
                                                             const std::vector<formats::Format>& formats,
                                                             const Contents& contents);

  /// Writes a file that a record of this folder names once more. Threads: any. Throws: Error kOutputExists
  /// for a file that is not ours or is reached through a link, kOutputFailed.
  void replace(std::string_view stem, const formats::EncodedFile& file);

  /// Of what decides this run's results (results_digest).
  const std::string& digest() const { return digest_; }

  /// Appends an image's record; `json` is its line. Throws: Error kOutputFailed.
  void record(const ImageRecord& record, std::string_view json) { manifest_.append(record, json); }
  void record(const ImageRecord& record) { manifest_.append(record); }

  /// Ends the run's claims and lock; also done by the destructor. Throws: Error kOutputFailed.
  void close() { manifest_.close(); }

 private:
  /// What this run knows of a result name.
  struct Claimed {
    std::size_t path_hash = 0;
    bool is_being_written = false;
    bool is_written = false;
  };
  class Claim;

  std::size_t hash_of(std::string_view stem) const;
  bool may_replace(std::string_view stem, formats::Format format, const Claimed& claimed) const;
  void remove_other_formats(std::string_view stem, const std::vector<formats::Format>& written) const;

  std::filesystem::path folder_;
  std::string digest_;
  ResultFolderOptions options_;
  Manifest manifest_;
  bool folds_case_ = false;
  std::mutex mutex_;
  std::condition_variable claim_ended_;
  std::unordered_map<std::size_t, Claimed> claimed_;  ///< By the hash of the stem, this run's
};

}  // namespace da3::journal
