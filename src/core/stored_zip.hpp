// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <core/mapped_file.hpp>

namespace da3::core {

/// CRC-32 of zip archives (polynomial 0xEDB88320), continued from `crc`.
std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t crc = 0);

/// One file in a zip archive.
struct ZipEntry {
  std::string name;                  ///< As stored, such as "model/extra/da3.json"
  std::uint64_t offset = 0;          ///< Of the first data byte in the archive
  std::uint64_t size = 0;            ///< Bytes in the archive
  std::uint64_t unpacked_size = 0;   ///< As stated; `size` where it is stored
  std::uint16_t method = 0;          ///< 0: stored
  std::uint16_t flags = 0;           ///< General purpose bits
  std::uint32_t crc = 0;             ///< CRC-32 of the data, as stored
  std::uint64_t header_offset = 0;   ///< Of the local header
  std::uint64_t central_offset = 0;  ///< Of the entry of the central directory
};

/// The entries of a zip archive, mapped, not copied: plain and zip64, as TorchScript archives are. Only
/// entries that are stored without compression can be read. Source: PKWARE APPNOTE 6.3.10.
class StoredZip {
 public:
  /// The archive at `path`.
  /// Throws: Error kModelNotFound, or kModelDamaged for a file that is no zip archive, is cut short or
  /// contradicts itself.
  static StoredZip open(const std::filesystem::path& path);

  /// In the order of the central directory; no two have the same name.
  const std::vector<ZipEntry>& entries() const { return entries_; }

  /// The entry `inner` of the archive's one top folder ("extra/da3.json" finds "model/extra/da3.json"), or
  /// null. Lifetime: as long as this object.
  const ZipEntry* find(std::string_view inner) const;

  /// The part of an entry's name below the archive's top folder; all of it where there is none.
  static std::string_view inner_name(const ZipEntry& entry);

  /// The entry's bytes. Lifetime: as long as a copy of handle(). Throws: Error kModelDamaged if it is
  /// compressed.
  std::span<const std::byte> data(const ZipEntry& entry) const;

  /// As data(), after a comparison of the CRC. Throws: Error kModelDamaged.
  std::span<const std::byte> checked_data(const ZipEntry& entry) const;

  /// Returns if the entries follow each other from the file's first byte to the directory, with nothing but
  /// their headers between: data that a damaged header moved does not. Throws: Error kModelDamaged.
  void check_contiguous() const;

  const std::filesystem::path& path() const { return path_; }

  /// The whole file. Lifetime: as long as a copy of handle().
  std::span<const std::byte> bytes() const { return file_.bytes(); }

  /// Keeps the mapping alive.
  const std::shared_ptr<void>& handle() const { return file_.handle(); }

 private:
  StoredZip(std::filesystem::path path, MappedFile file, std::vector<ZipEntry> entries,
            std::uint64_t directory_offset)
      : path_(std::move(path)),
        file_(std::move(file)),
        entries_(std::move(entries)),
        directory_offset_(directory_offset) {}

  std::filesystem::path path_;
  MappedFile file_;
  std::vector<ZipEntry> entries_;
  std::uint64_t directory_offset_ = 0;
};

/// Overwrites the data of the stored entry `inner` of the archive at `path` with `text`, which must have
/// exactly the entry's size, and corrects its CRC. Not atomic: only for a file that has no readers yet.
/// Throws: Error kModelNotFound, kModelDamaged, kOutputFailed; kInternal if entry or size do not fit.
void overwrite_stored_entry(const std::filesystem::path& path, std::string_view inner, std::string_view text);

}  // namespace da3::core
