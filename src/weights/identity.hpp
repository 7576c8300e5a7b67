// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <core/stored_zip.hpp>

// The identity of a model file: the hash of its weights (docs/model-format.md).
namespace da3::weights {

/// SHA-256 over the weight records `data/0`, `data/1`, ... of a TorchScript archive in numeric order: of each
/// record first the line "NUMBER SIZE\n" in decimal, then its bytes. 64 lower-case hexadecimal digits.
/// Throws: Error kModelNotFound, kModelDamaged.
std::string weights_sha256(const std::filesystem::path& path);
std::string weights_sha256(const core::StoredZip& archive);

/// The same after a comparison of each record's CRC, for weights of which no hash is known to compare with.
/// Throws: Error kModelDamaged.
std::string checked_weights_sha256(const core::StoredZip& archive);

/// Compares the CRC of all that decides a result besides the weight records: the pickles, code, constants. A
/// millisecond; the weights are the identity's matter. Throws: Error kModelDamaged.
void check_all_but_weights(const core::StoredZip& archive);

/// SHA-256 of a file that runs its own code: of `weights`, the hash of its weights (empty: their CRC-32), of
/// the names, sizes and CRC-32 of all other entries that decide a result (code, constants, pickles), and of
/// `settings`, what its record says of input and output.
std::string identity_with_code(const core::StoredZip& archive, const std::string& weights,
                               const std::string& settings);

/// What tells an unchanged file from a changed one.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_s = 0;
  std::int64_t modified_ns = 0;

  bool operator==(const FileStamp&) const = default;
};

/// None where there is no such file.
std::optional<FileStamp> stamp_of(const std::filesystem::path& path);

/// Whether the file that had the stamp `before` was written to since. Another that took its name by renaming
/// leaves those who have it open what they had.
bool was_changed_in_place(const std::filesystem::path& path, const FileStamp& before);

struct Identity {
  std::string sha256;       ///< Of the weights
  bool recomputed = false;  ///< False: the file is unchanged since it was last read in full
};

/// The identity of the model file at `path`, checked against `expected` (empty: no expectation). A file whose
/// device, inode, size and modification time are remembered in `cache_folder` is trusted; any other is hashed
/// in full and then remembered. An empty `cache_folder`, or one that cannot be written, costs time only.
/// Threads and processes: may be called at once for the same file and folder. Throws: Error kModelNotFound;
/// kModelDamaged if the file cannot be read or its hash is not `expected`.
Identity check_identity(const std::filesystem::path& path, const std::string& expected,
                        const std::filesystem::path& cache_folder);

}  // namespace da3::weights
