// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace da3::core {

/// A regular file mapped into memory, private and writable: a write goes to a copy of the page, never to the
/// file. Copies share one mapping. The file must only ever be replaced by rename while it is mapped.
class MappedFile {
 public:
  /// The mapping of `path`. An empty file has no bytes.
  /// Throws: Error kModelNotFound if there is no such file, kModelDamaged if it cannot be read or is no
  /// regular file.
  static MappedFile open(const std::filesystem::path& path);

  /// All bytes of the file. Lifetime: as long as any copy of handle() lives.
  std::span<std::byte> bytes() const { return bytes_; }

  /// Keeps the mapping alive.
  const std::shared_ptr<void>& handle() const { return handle_; }

 private:
  MappedFile(std::span<std::byte> bytes, std::shared_ptr<void> handle)
      : bytes_(bytes), handle_(std::move(handle)) {}

  std::span<std::byte> bytes_;
  std::shared_ptr<void> handle_;
};

/// Gives back the memory of the whole pages within `bytes` of a MappedFile: the next read takes them from the
/// file again, what was written to them is lost. On systems that keep them all the same (macOS) nothing
/// happens.
void forget_pages(std::span<const std::byte> bytes);

}  // namespace da3::core
