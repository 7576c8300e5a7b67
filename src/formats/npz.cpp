// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <memory>

#include <formats/deflate.hpp>
#include <formats/float_formats.hpp>
#include <zip/archive.hpp>

#include <da3/error.hpp>

namespace da3::formats {
namespace {

constexpr zip_uint16_t kDosTime = 0;  // 1980-01-01 00:00:00, the first moment that a zip file can say
constexpr zip_uint16_t kDosDate = (1U << 5U) | 1U;

[[noreturn]] void fail(const std::string& what, zip_error_t* error) {
  if (zip_error_code_zip(error) == ZIP_ER_MEMORY) {
    throw Error(ErrorCode::kOutOfMemory, "memory ran out while an npz file was made");
  }
  throw Error(ErrorCode::kInternal, "npz: " + what + ": " + zip_error_strerror(error));
}

[[noreturn]] void fail(const std::string& what, zip_t* archive) {
  fail(what, zip_get_error(archive));
}

/// One entry as libzip reads it: bytes that are packed already.
struct PackedEntry {
  std::string name;
  Deflated packed;
  std::size_t position = 0;
};

zip_int64_t stat_of(const PackedEntry& entry, void* data, zip_uint64_t length) {
  if (length < sizeof(zip_stat_t)) return -1;
  auto* stat = static_cast<zip_stat_t*>(data);
  zip_stat_init(stat);
  stat->size = entry.packed.original_bytes;
  stat->comp_size = entry.packed.bytes.size();
  stat->comp_method = ZIP_CM_DEFLATE;
  stat->crc = entry.packed.crc32;
  stat->valid = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_CRC;
  return sizeof(zip_stat_t);
}

zip_int64_t serve(void* state, void* data, zip_uint64_t length, zip_source_cmd_t command) {
  auto* entry = static_cast<PackedEntry*>(state);
  switch (command) {
    case ZIP_SOURCE_OPEN:
      entry->position = 0;
      return 0;
    case ZIP_SOURCE_READ: {
      const std::size_t count = std::min<std::size_t>(length, entry->packed.bytes.size() - entry->position);
      std::memcpy(data, entry->packed.bytes.data() + entry->position, count);
      entry->position += count;
      return static_cast<zip_int64_t>(count);
    }
    case ZIP_SOURCE_STAT:
      return stat_of(*entry, data, length);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
    case ZIP_SOURCE_ERROR:
      return 0;
    case ZIP_SOURCE_SUPPORTS:
      return ZIP_SOURCE_SUPPORTS_READABLE;
    default:
      return -1;
  }
}

void add_entry(zip_t* archive, PackedEntry& entry) {
  zip::Source source(zip_source_function(archive, serve, &entry));
  if (!source) fail(entry.name, archive);
  const zip_int64_t index = zip_file_add(archive, entry.name.c_str(), source.get(), ZIP_FL_ENC_UTF_8);
  if (index < 0) fail(entry.name, archive);
  [[maybe_unused]] const zip_source_t* owned = source.release();  // The archive owns it now
  const auto position = static_cast<zip_uint64_t>(index);
  if (zip_set_file_compression(archive, position, ZIP_CM_DEFLATE, 0) != 0) fail(entry.name, archive);
  if (zip_file_set_dostime(archive, position, kDosTime, kDosDate, 0) != 0) fail(entry.name, archive);
}

std::vector<std::uint8_t> read_all(zip_source_t* source) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_source_open(source) != 0) fail("reading back", zip_source_error(source));
  std::vector<std::uint8_t> bytes;
  zip_int64_t got = zip_source_stat(source, &stat) == 0 && (stat.valid & ZIP_STAT_SIZE) != 0 ? 0 : -1;
  if (got == 0) {
    bytes.resize(stat.size);
    got = zip_source_read(source, bytes.data(), bytes.size());
  }
  zip_source_close(source);
  if (got != static_cast<zip_int64_t>(bytes.size())) fail("reading back", zip_source_error(source));
  return bytes;
}

std::vector<std::uint8_t> archive_of(std::vector<PackedEntry> entries) {
  zip_error_t error;
  zip_error_init(&error);
  zip::Source buffer(zip_source_buffer_create(nullptr, 0, 0, &error));
  if (!buffer) fail("making a buffer", &error);
  zip::Archive archive = zip::open(buffer.get(), ZIP_TRUNCATE, &error);
  if (!archive) fail("opening a buffer", &error);
  zip_source_keep(buffer.get());  // Closing the archive drops one reference, `buffer` the other
  for (PackedEntry& entry : entries) add_entry(archive.get(), entry);
  if (zip_close(archive.get()) != 0) fail("writing", archive.get());
  [[maybe_unused]] const zip_t* closed = archive.release();
  return read_all(buffer.get());
}

}  // namespace

std::vector<std::uint8_t> encode_npz(const NamedMaps& maps) {
  std::vector<PackedEntry> entries;
  entries.reserve(maps.size());
  for (const auto& [name, map] : maps) entries.push_back({name + ".npy", deflate(encode_npy(*map))});
  return archive_of(std::move(entries));
}

std::vector<std::uint8_t> encode_npz(const std::vector<std::pair<std::string, NpyArray>>& arrays) {
  std::vector<PackedEntry> entries;
  entries.reserve(arrays.size());
  for (const auto& [name, array] : arrays) entries.push_back({name + ".npy", deflate(encode_npy(array))});
  return archive_of(std::move(entries));
}

}  // namespace da3::formats
