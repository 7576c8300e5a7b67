// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <journal/manifest_index.hpp>
#include <journal/records.hpp>
#include <options/options.hpp>

#include <core/file_descriptor.hpp>

namespace da3::journal {

using options::Shard;

/// `manifest.jsonl`, or `manifest.I-of-N.jsonl` for a shard.
std::string manifest_name(const std::optional<Shard>& shard);

/// The names of the manifests in `folder`, of all shards, in order. Throws: Error kOutputFailed where the
/// folder cannot be read to its end.
std::vector<std::string> manifest_names(const std::filesystem::path& folder);

/// The same in the order in which they were last written, `last` behind others of its time: the order to read
/// them in, as shards run in any order and what the last one says counts.
std::vector<std::string> manifests_by_time(const std::filesystem::path& folder, const std::string& last = {});

/// True for files of shard 2 of 4 next to shard 1 of 4: these never take the same input. `name` is without
/// its folder.
bool is_sister(std::string_view name, const std::optional<Shard>& shard);

/// The records of all manifests of `folder` (of every shard), `own` behind others of its time, without
/// locking or changing anything; empty for a folder that has none. Throws: as ManifestIndex::add_file.
ManifestIndex read_manifests(const std::filesystem::path& folder,
                             const std::optional<Shard>& own = std::nullopt,
                             Foreign foreign = Foreign::kRefuse);

/// Reads records whole that an index of the same files knows; fast in the order of for_each_last.
class RecordReader {
 public:
  /// Throws: Error kOutputFailed where the manifest cannot be read; kInternal if it is no whole record.
  ImageRecord read(const LastRecord& last);

 private:
  std::string file_;
  std::ifstream stream_;
  std::uint64_t at_ = 0;
};

/// The files in a folder of results that are da3's.
struct OwnFiles {
  ManifestIndex records;
  std::unordered_set<std::string> claims;  ///< What runs, killed ones too, have begun and not recorded

  bool owns(const std::string& file) const { return records.owns(file) || claims.contains(file); }
};

/// Those of all shards, without locking or changing anything. Throws: as read_manifests.
OwnFiles read_own_files(const std::filesystem::path& folder);

/// True for a file that begins as a manifest of da3 does.
bool is_manifest(const std::filesystem::path& file);

/// The manifest of a running process: locked, append-only. Next to it lies, while a run is under way,
/// `.da3-claims.tmp` (with shards `.da3-claims.I-of-N.tmp`): the result files that this run is about to
/// write, so that files whose record was lost with a killed process are known as ours. It goes when the run
/// closes. Threads: `append`, `claim` and `owns` from any.
class Manifest {
 public:
  /// Opens or makes the manifest in `folder` (made where missing), locks it, cuts off a torn last line and
  /// reads what earlier runs left. Throws: Error kOutputLocked naming the other run's process where known,
  /// kOutputExists if the file is no manifest of da3, kOutputFailed, kUsage if a newer da3 wrote it.
  explicit Manifest(const std::filesystem::path& folder, const std::optional<Shard>& shard = std::nullopt);
  /// Closes without an error.
  ~Manifest();
  Manifest(const Manifest&) = delete;
  Manifest& operator=(const Manifest&) = delete;

  /// What was recorded before this process began.
  const ManifestIndex& index() const { return index_; }

  /// False on a file system without locks; then nothing keeps a second run away.
  bool locked() const { return locked_; }

  /// Writes the header of this run, with its own process, host and time, whatever `run` says of them: it may
  /// be made of another run's. Throws: Error kOutputFailed.
  void begin_run(RunRecord run);

  /// Writes one record, by one write to the system, so that no finished image is forgotten when the process
  /// is killed. Call it after the image's files are in place. `skipped` records change nothing and are not
  /// written. `json`: the record's line, as to_json gives it. Throws: Error kOutputFailed.
  void append(const ImageRecord& record, std::string_view json);
  void append(const ImageRecord& record) { append(record, to_json(record)); }

  /// Notes that `files`, paths below the folder, are about to be written. Call it once it is known that no
  /// foreign file has one of these names. Throws: Error kOutputFailed.
  void claim(const std::vector<std::string>& files);

  /// True if `file`, a path below the folder, is a result of da3.
  bool owns(std::string_view file) const;

  /// True if that file of the results `stem` is one of da3: recorded by an earlier run and under no other
  /// stem, or claimed and not yet recorded, by a run that was cut off or by this one.
  bool owns(std::string_view stem, formats::Format format) const;

  /// Unlocks; claims without a record are kept for the next run. Throws: Error kOutputFailed.
  void close();

 private:
  void open_locked(const std::filesystem::path& folder);
  void cut_off_torn_line();
  void read_claims(const std::optional<Shard>& shard);
  void open_claims();
  void append_line(std::string line);
  bool claims(const std::string& file) const;

  std::filesystem::path folder_;
  std::filesystem::path file_;
  std::filesystem::path claims_file_;
  core::FileDescriptor descriptor_;
  core::FileDescriptor claims_descriptor_;
  bool locked_ = false;
  ManifestIndex index_;
  mutable std::mutex mutex_;
  std::uint64_t bytes_ = 0;                      ///< Of the manifest, up to its last whole line
  std::unordered_set<std::string> open_claims_;  ///< Claimed, not recorded
};

}  // namespace da3::journal
