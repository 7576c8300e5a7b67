// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace da3::output {

/// What to do with a file that is already there.
enum class Existing { kRefuse, kReplace };

/// What a finished file survives. kProcess: the end of this process (the file is in the system's cache).
/// kPower: loss of power too (the file and its folder entry are synced, which costs milliseconds a file).
enum class Durability { kProcess, kPower };

/// Makes `path` hold `bytes`, whole or not at all: written to `.da3-PID-N.tmp` in the same folder, then
/// renamed. The temporary file is locked while it lives and removed on every failure. Threads: any. Throws:
/// Error kOutputExists (kRefuse, and something is there; or a folder is), kOutputName (the file system does
/// not take the name), kOutputFailed (disk full with the bytes needed and free, no right, read-only).
void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes,
                Existing existing = Existing::kRefuse, Durability durability = Durability::kProcess);

/// Makes a folder and its parents where missing. Throws: Error kOutputFailed that names the part in the way.
void ensure_folder(const std::filesystem::path& folder);

/// Removes `.da3-PID-N.tmp` files below `folder` whose writer is gone, and returns how many. A file is in use
/// while its writer holds the lock; where the file system knows no locks, while a process of that id lives or
/// the file is younger than ten minutes. Symbolic links are not followed; what cannot be read is left alone.
std::size_t remove_dead_temporaries(const std::filesystem::path& folder);

}  // namespace da3::output
