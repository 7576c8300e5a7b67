// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <core/file_descriptor.hpp>

namespace da3::codec {

/// A regular file that is read from its start. Opened without waiting, and checked before anything is read,
/// so a FIFO or a device never blocks. Threads: one at a time.
class RegularFile {
 public:
  /// None.
  RegularFile() = default;
  /// Throws: Error kInputNotFound, kInputUnreadable, kInputNotRegular.
  explicit RegularFile(const std::filesystem::path& path);

  /// Of the whole file, when it was opened.
  std::uint64_t size() const { return size_; }
  /// Appends the next bytes until `bytes` holds the first `count` of the file. Throws: Error
  /// kInputUnreadable, kImageTruncated if the file became shorter meanwhile.
  void read_up_to(std::uint64_t count, std::vector<std::uint8_t>& bytes) const;
  void close() { file_.reset(); }

 private:
  std::string name_;
  core::FileDescriptor file_;
  std::uint64_t size_ = 0;
};

/// All bytes of a regular file. Throws: as RegularFile.
std::vector<std::uint8_t> read_file(const std::filesystem::path& path);

}  // namespace da3::codec
