// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include <core/file_descriptor.hpp>

namespace da3::core {

/// What to do with a file that is already there.
enum class Existing { kRefuse, kReplace };

/// What a finished file survives. kProcess: the end of this process (the file is in the system's cache).
/// kPower: loss of power too (the file and its folder entry are synced, which costs milliseconds a file).
enum class Durability { kProcess, kPower };

/// A file that appears under its name whole or not at all: written to `.da3-PID-N.tmp` in the same folder,
/// renamed at the end. The temporary file is locked while it lives, and removed if it is not finished.
/// Errors: kOutputName (the file system does not take the name), kOutputFailed (disk full with the bytes
/// needed and free, no right, read-only). Threads: one an object.
class AtomicFile {
 public:
  /// `needed_bytes`: for the message of a full disk; 0: not known. Throws: Error kOutputExists for a device,
  /// FIFO or socket of that name, which is never replaced, kOutputName, kOutputFailed.
  explicit AtomicFile(std::filesystem::path target, std::uint64_t needed_bytes = 0);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// The name it has until finish().
  const std::filesystem::path& temporary() const { return temporary_; }

  /// Appends. Throws: Error kOutputFailed.
  void write(std::span<const std::uint8_t> bytes);

  /// Gives the file its name. Throws: Error kOutputExists (kRefuse, and something is there; or a folder is),
  /// kOutputName, kOutputFailed.
  void finish(Existing existing = Existing::kRefuse, Durability durability = Durability::kProcess);

 private:
  void name_temporary();
  bool takes_another_name();
  [[noreturn]] void fail(int error_number) const;

  std::filesystem::path target_;
  std::uint64_t needed_bytes_;
  std::filesystem::path temporary_;  ///< Empty once it is renamed
  FileDescriptor file_;
};

/// Makes `path` hold `bytes` by an AtomicFile. Threads: any. Throws: as AtomicFile.
void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes,
                Existing existing = Existing::kRefuse, Durability durability = Durability::kProcess);

/// What lies at the end of the links that `path` is the first of; `path` itself if it is none. It need not
/// exist.
std::filesystem::path end_of_links(const std::filesystem::path& path);

/// True for what is written to rather than replaced: a device, FIFO or socket, or a link to one.
bool is_stream(const std::filesystem::path& path);

/// Tries whether a file can be made at `path`, which the user named: before work whose result would be lost.
/// Throws: as write_named_file.
void require_output(const std::filesystem::path& path);

/// As write_file in place of what is there, for a name that the user gave: where the file system does not
/// take it, no input is to be renamed. Throws: Error kOutputExists, kOutputFailed.
void write_named_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);

/// Gives the finished file `from` the name `to`, which the user gave, on the same file system. Throws: Error
/// kOutputExists (kRefuse, and something is there; or a folder is), kOutputFailed.
void rename_named_file(const std::filesystem::path& from, const std::filesystem::path& to, Existing existing);

/// Makes what the user named hold `bytes`: a stream is written to, else the file that it or its links lead to
/// is replaced. Throws: as write_named_file.
void write_output(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);

/// A result must not take the place of what it is made from. Throws: Error kOutputExists if `result` is
/// `input`, by whatever name.
void require_another_file(const std::filesystem::path& result, const std::filesystem::path& input);

/// Who chose the name of a folder: the user, or da3 after an input.
enum class NamedBy { kUser, kInput };

/// Makes a folder and its parents where missing. Throws: Error kOutputFailed that names the part in the way;
/// kOutputName for a name that the file system does not take and that an input gave.
void ensure_folder(const std::filesystem::path& folder, NamedBy named_by = NamedBy::kUser);

/// Whether folders within are searched, too: not where a folder is the user's, who may have anything below
/// it.
enum class Search { kBelow, kFolderAlone };

/// Removes `.da3-PID-N.tmp` files and folders (WorkFolder) below `folder` whose writer is gone, and returns
/// how many. They are in use while their writer holds the lock. Where the file system knows no locks, folders
/// stay, and files are in use while a process of that id lives or they are younger than ten minutes. Symbolic
/// links are not followed; what cannot be read is left alone.
std::size_t remove_dead_temporaries(const std::filesystem::path& folder, Search search = Search::kBelow);

}  // namespace da3::core
