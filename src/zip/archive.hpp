// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <zip.h>

// Zip archives in memory, by libzip. All of da3 opens archives here: see open().
namespace da3::zip {

struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
struct DiscardArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Source = std::unique_ptr<zip_source_t, FreeSource>;
using Archive = std::unique_ptr<zip_t, DiscardArchive>;

/// zip_open_from_source, from any thread: before libzip 1.9 its first calls in a process race for two static
/// masks (its issue 289), and the loser reads "Read-only archive". An archive holds one reference to
/// `source`, as in libzip.
Archive open(zip_source_t* source, int flags, zip_error_t* error);

/// What is wrong with an archive, to follow the name of its file.
class Unreadable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An archive to read. `bytes` outlive it. Throws: Unreadable; std::bad_alloc.
Archive open_bytes(std::span<const std::uint8_t> bytes);

/// The bytes of an entry, unpacked, at most the first `most`; no value: there is no such entry.
/// `packed_bytes`: size of the archive, beyond whose powers of unpacking no entry is believed. Throws:
/// Unreadable.
std::optional<std::vector<std::uint8_t>> read_entry(zip_t* archive, const std::string& name,
                                                    std::uint64_t packed_bytes,
                                                    std::uint64_t most = UINT64_MAX);

}  // namespace da3::zip
