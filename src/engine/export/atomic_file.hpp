// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>

namespace da3::engine {

/// A file that appears under its name whole or not at all: written beside it under a temporary name, renamed
/// at the end. Removed if it is not finished.
class AtomicFile {
 public:
  /// Throws: Error kOutputFailed.
  explicit AtomicFile(std::filesystem::path target);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  /// The name it has until finish().
  const std::filesystem::path& temporary() const { return temporary_; }

  /// Throws: Error kOutputFailed, such as on a full disk.
  void write(const void* data, std::size_t size);

  /// Brings everything to the disk and gives the file its name, replacing what had it. Throws: Error
  /// kOutputFailed.
  void finish();

 private:
  [[noreturn]] void fail(int error) const;

  std::filesystem::path target_;
  std::filesystem::path temporary_;
  int fd_ = -1;
};

}  // namespace da3::engine
