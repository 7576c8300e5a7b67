// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <mutex>
#include <new>

#include <zip/archive.hpp>

namespace da3::zip {
namespace {

struct CloseEntry {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};

}  // namespace

Archive open(zip_source_t* source, int flags, zip_error_t* error) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  return Archive(zip_open_from_source(source, flags, error));
}

Archive open_bytes(std::span<const std::uint8_t> bytes) {
  zip_error_t error;
  zip_error_init(&error);
  Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error));
  if (!source) throw std::bad_alloc();
  Archive archive = open(source.get(), ZIP_RDONLY, &error);
  if (!archive) throw Unreadable(std::string("not a zip archive: ") + zip_error_strerror(&error));
  [[maybe_unused]] const zip_source_t* owned = source.release();  // The archive owns it now
  return archive;
}

std::optional<std::vector<std::uint8_t>> read_entry(zip_t* archive, const std::string& name,
                                                    std::uint64_t packed_bytes, std::uint64_t most) {
  constexpr std::uint64_t kMostUnpacking = 1033;  // Deflate packs to no less than 1/1032
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat(archive, name.c_str(), 0, &stat) != 0) return std::nullopt;
  const std::unique_ptr<zip_file_t, CloseEntry> entry(zip_fopen(archive, name.c_str(), 0));
  if (!entry || (stat.valid & ZIP_STAT_SIZE) == 0 || stat.size / kMostUnpacking > packed_bytes)
    throw Unreadable("its entry " + name + " cannot be read");
  std::vector<std::uint8_t> bytes(std::min<std::uint64_t>(stat.size, most));
  const bool read =
      zip_fread(entry.get(), bytes.data(), bytes.size()) == static_cast<zip_int64_t>(bytes.size());
  char beyond = 0;  // libzip compares the CRC once it is asked for more than the entry has
  const bool right = bytes.size() < stat.size || zip_fread(entry.get(), &beyond, 1) == 0;
  if (!read || !right) throw Unreadable("its entry " + name + " is damaged");
  return bytes;
}

}  // namespace da3::zip
