// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
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
