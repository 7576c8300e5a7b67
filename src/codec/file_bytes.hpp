// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <vector>

namespace da3::codec {

struct FileBytes {
  std::vector<std::uint8_t> bytes;
  std::uint64_t file_size = 0;

  bool whole() const { return bytes.size() == file_size; }
};

/// Up to `most` bytes from the start of a regular file. Opened without waiting, and checked before anything
/// is read, so a FIFO or a device never blocks. Throws: Error kInputNotFound, kInputUnreadable,
/// kInputNotRegular, kImageTruncated if the file becomes shorter meanwhile.
FileBytes read_file(const std::filesystem::path& path,
                    std::size_t most = std::numeric_limits<std::size_t>::max());

}  // namespace da3::codec
