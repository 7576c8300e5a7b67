// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <set>
#include <type_traits>
#include <utility>

#include <da3/error.hpp>

#include <core/stored_zip.hpp>
#include <core/text_encoding.hpp>

namespace da3::core {
namespace {

constexpr std::uint32_t kLocalSignature = 0x04034b50;
constexpr std::uint32_t kCentralSignature = 0x02014b50;
constexpr std::uint32_t kEndSignature = 0x06054b50;
constexpr std::uint32_t kEnd64Signature = 0x06064b50;
constexpr std::uint32_t kLocator64Signature = 0x07064b50;
constexpr std::uint32_t kDescriptorSignature = 0x08074b50;
constexpr std::size_t kLocalSize = 30;
constexpr std::size_t kCentralSize = 46;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kEnd64Size = 56;
constexpr std::size_t kLocator64Size = 20;
constexpr std::uint16_t kEncrypted = 1U << 0U;
constexpr std::uint16_t kHasDescriptor = 1U << 3U;
constexpr std::uint64_t kSaturated32 = 0xffffffff;
constexpr std::uint64_t kSaturated16 = 0xffff;

[[noreturn]] void damaged(const std::filesystem::path& path, const std::string& what) {
  throw Error(ErrorCode::kModelDamaged,
              path.string() + ": " + what + "; the file is damaged or no model file, get or export it again");
}

/// Little-endian numbers at checked positions.
class Bytes {
 public:
  Bytes(const std::filesystem::path& path, std::span<const std::byte> bytes) : path_(path), bytes_(bytes) {}

  std::uint64_t size() const { return bytes_.size(); }

  std::span<const std::byte> range(std::uint64_t offset, std::uint64_t size, const char* what) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
      damaged(path_, std::string("expected ") + what + " of " + std::to_string(size) + " bytes at byte " +
                         std::to_string(offset) + ", found the file's end at byte " +
                         std::to_string(bytes_.size()));
    }
    return bytes_.subspan(offset, size);
  }

  template <typename T>
  T at(std::uint64_t offset, const char* what) const {
    const std::span<const std::byte> from = range(offset, sizeof(T), what);
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value = static_cast<T>(value | static_cast<T>(std::to_integer<T>(from[i]) << (8 * i)));
    }
    return value;
  }
  std::uint16_t u16(std::uint64_t offset, const char* what) const { return at<std::uint16_t>(offset, what); }
  std::uint32_t u32(std::uint64_t offset, const char* what) const { return at<std::uint32_t>(offset, what); }
  std::uint64_t u64(std::uint64_t offset, const char* what) const { return at<std::uint64_t>(offset, what); }

  const std::filesystem::path& path() const { return path_; }

 private:
  const std::filesystem::path& path_;
  std::span<const std::byte> bytes_;
};

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t num_entries = 0;
};

std::uint64_t find_end_record(const Bytes& bytes) {
  if (bytes.size() < kEndSize) {
    damaged(bytes.path(),
            "expected a zip archive, found a file of " + std::to_string(bytes.size()) + " bytes");
  }
  // The record is the file's last part, but for a comment of up to 65535 bytes.
  const std::uint64_t last = bytes.size() - kEndSize;
  const std::uint64_t first = last > kSaturated16 ? last - kSaturated16 : 0;
  for (std::uint64_t at = last + 1; at-- > first;) {
    if (bytes.u32(at, "the end record") == kEndSignature &&
        at + kEndSize + bytes.u16(at + 20, "the end record") == bytes.size()) {
      return at;
    }
  }
  if (bytes.u32(0, "a signature") == kLocalSignature) {
    damaged(bytes.path(), "is cut short: a zip archive begins here, but its directory at the end is missing");
  }
  damaged(bytes.path(), "expected a zip archive, found something else");
}

Directory read_directory(const Bytes& bytes) {
  const std::uint64_t end = find_end_record(bytes);
  Directory directory{.offset = bytes.u32(end + 16, "the end record"),
                      .size = bytes.u32(end + 12, "the end record"),
                      .num_entries = bytes.u16(end + 10, "the end record")};
  const bool saturated = directory.offset == kSaturated32 || directory.size == kSaturated32 ||
                         directory.num_entries == kSaturated16;
  std::uint64_t limit = end;
  if (saturated && end >= kLocator64Size &&
      bytes.u32(end - kLocator64Size, "the zip64 locator") == kLocator64Signature) {
    const std::uint64_t end64 = bytes.u64(end - kLocator64Size + 8, "the zip64 locator");
    bytes.range(end64, kEnd64Size, "the zip64 end record");
    if (bytes.u32(end64, "the zip64 end record") != kEnd64Signature || end64 > end - kLocator64Size) {
      damaged(bytes.path(), "its zip64 end record is not where its locator says");
    }
    directory = {.offset = bytes.u64(end64 + 48, "the zip64 end record"),
                 .size = bytes.u64(end64 + 40, "the zip64 end record"),
                 .num_entries = bytes.u64(end64 + 32, "the zip64 end record")};
    limit = end64;
  }
  if (directory.offset > limit || directory.size > limit - directory.offset) {
    damaged(bytes.path(), "its zip directory reaches beyond its end record");
  }
  if (directory.num_entries > directory.size / kCentralSize) {
    damaged(bytes.path(),
            "its zip directory is too small for its " + std::to_string(directory.num_entries) + " entries");
  }
  return directory;
}

struct Sizes {
  std::uint64_t uncompressed = 0;
  std::uint64_t compressed = 0;
  std::uint64_t header_offset = 0;
};

/// Takes the 64-bit values of the zip64 extra field, which holds only those that are saturated, in this
/// order.
Sizes read_sizes(const Bytes& bytes, std::uint64_t central, std::uint64_t extra, std::uint64_t extra_size) {
  Sizes sizes{.uncompressed = bytes.u32(central + 24, "a directory entry"),
              .compressed = bytes.u32(central + 20, "a directory entry"),
              .header_offset = bytes.u32(central + 42, "a directory entry")};
  for (std::uint64_t at = extra; at + 4 <= extra + extra_size;) {
    const std::uint16_t id = bytes.u16(at, "an extra field");
    const std::uint64_t field_end = at + 4 + bytes.u16(at + 2, "an extra field");
    if (field_end > extra + extra_size)
      damaged(bytes.path(), "an extra field of its zip directory is too long");
    if (id == 1) {
      std::uint64_t from = at + 4;
      for (std::uint64_t* value : {&sizes.uncompressed, &sizes.compressed, &sizes.header_offset}) {
        if (*value != kSaturated32) continue;
        if (from + 8 > field_end) damaged(bytes.path(), "a zip64 field of its directory is too short");
        *value = bytes.u64(from, "a zip64 field");
        from += 8;
      }
    }
    at = field_end;
  }
  return sizes;
}

ZipEntry read_entry(const Bytes& bytes, std::uint64_t central, const Directory& directory,
                    std::uint64_t& next) {
  if (bytes.u32(central, "a directory entry") != kCentralSignature) {
    damaged(bytes.path(), "expected an entry of its zip directory at byte " + std::to_string(central));
  }
  const std::uint16_t name_size = bytes.u16(central + 28, "a directory entry");
  const std::uint16_t extra_size = bytes.u16(central + 30, "a directory entry");
  next = central + kCentralSize + name_size + extra_size + bytes.u16(central + 32, "a directory entry");
  if (next > directory.offset + directory.size)
    damaged(bytes.path(), "an entry reaches beyond its zip directory");

  const std::span<const std::byte> name = bytes.range(central + kCentralSize, name_size, "a name");
  const Sizes sizes = read_sizes(bytes, central, central + kCentralSize + name_size, extra_size);
  ZipEntry entry{.name = std::string(reinterpret_cast<const char*>(name.data()), name.size()),
                 .size = sizes.compressed,
                 .unpacked_size = sizes.uncompressed,
                 .method = bytes.u16(central + 10, "a directory entry"),
                 .flags = bytes.u16(central + 8, "a directory entry"),
                 .crc = bytes.u32(central + 16, "a directory entry"),
                 .header_offset = sizes.header_offset,
                 .central_offset = central};
  bytes.range(entry.header_offset, kLocalSize, "a local header");
  const std::span<const std::byte> local_name = bytes.range(
      entry.header_offset + kLocalSize, bytes.u16(entry.header_offset + 26, "a local header"), "a name");
  if (bytes.u32(entry.header_offset, "a local header") != kLocalSignature ||
      !std::ranges::equal(local_name, name)) {
    damaged(bytes.path(), "entry '" + one_line(entry.name) + "' is not where the zip directory says");
  }
  entry.offset = entry.header_offset + kLocalSize + bytes.u16(entry.header_offset + 26, "a local header") +
                 bytes.u16(entry.header_offset + 28, "a local header");
  if (entry.offset > directory.offset || entry.size > directory.offset - entry.offset) {
    damaged(bytes.path(), "entry '" + one_line(entry.name) + "' of " + std::to_string(entry.size) +
                              " bytes reaches into the zip directory");
  }
  if (entry.method == 0 && sizes.uncompressed != sizes.compressed) {
    damaged(bytes.path(), "entry '" + one_line(entry.name) + "' is stored, yet has two different sizes");
  }
  return entry;
}

std::array<std::byte, 4> little_endian(std::uint32_t value) {
  return {std::byte(value & 0xffU), std::byte(value >> 8U & 0xffU), std::byte(value >> 16U & 0xffU),
          std::byte(value >> 24U)};
}

bool is_header(const Bytes& bytes, std::uint64_t at) {
  const std::uint32_t signature = bytes.u32(at, "a header");
  return signature == kLocalSignature || signature == kCentralSignature || signature == kEnd64Signature ||
         signature == kEndSignature;
}

/// The first byte behind an entry's data and its descriptor: CRC and two sizes of 4 or 8 bytes, with or
/// without a signature before them. Which of the four it is, only its sizes tell.
std::uint64_t end_of(const Bytes& bytes, const ZipEntry& entry) {
  const std::uint64_t end = entry.offset + entry.size;
  if ((entry.flags & kHasDescriptor) == 0) return end;
  const bool is_signed = bytes.u32(end, "a data descriptor") == kDescriptorSignature;
  const std::uint64_t crc = end + (is_signed ? 4 : 0);
  const bool is_wide = bytes.u64(crc + 4, "a data descriptor") == entry.size &&
                       !(entry.size == 0 && is_header(bytes, crc + 12));
  const std::uint64_t size =
      is_wide ? bytes.u64(crc + 4, "a data descriptor") : bytes.u32(crc + 4, "a data descriptor");
  if (size != entry.size)
    damaged(bytes.path(), "entry '" + one_line(entry.name) + "' has another size behind its data");
  return crc + (is_wide ? 20 : 12);
}

}  // namespace

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t crc) {
  // Four bytes a step ("slicing by four"): table k is table 0 moved on by k zero bytes.
  static constexpr std::array<std::array<std::uint32_t, 256>, 4> kTables = [] {
    std::array<std::array<std::uint32_t, 256>, 4> tables{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? 0xedb88320U : 0U);
      tables[0][i] = value;
    }
    for (std::size_t k = 1; k < tables.size(); ++k) {
      for (std::size_t i = 0; i < 256; ++i) {
        tables[k][i] = (tables[k - 1][i] >> 8U) ^ tables[0][tables[k - 1][i] & 0xffU];
      }
    }
    return tables;
  }();
  crc = ~crc;
  const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); };
  std::size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    crc ^= at(i) | at(i + 1) << 8U | at(i + 2) << 16U | at(i + 3) << 24U;
    crc = kTables[3][crc & 0xffU] ^ kTables[2][crc >> 8U & 0xffU] ^ kTables[1][crc >> 16U & 0xffU] ^
          kTables[0][crc >> 24U];
  }
  for (; i < bytes.size(); ++i) crc = (crc >> 8U) ^ kTables[0][(crc ^ at(i)) & 0xffU];
  return ~crc;
}

StoredZip StoredZip::open(const std::filesystem::path& path) {
  MappedFile file = MappedFile::open(path);
  const Bytes bytes(path, file.bytes());
  const Directory directory = read_directory(bytes);
  std::vector<ZipEntry> entries;
  std::set<std::string> names;
  std::uint64_t at = directory.offset;
  for (std::uint64_t i = 0; i < directory.num_entries; ++i) {
    entries.push_back(read_entry(bytes, at, directory, at));
    if (!names.insert(entries.back().name).second) {
      damaged(path, "entry '" + one_line(entries.back().name) + "' is there twice");
    }
  }
  if (at != directory.offset + directory.size) {
    damaged(path, "its zip directory holds more than the " + std::to_string(directory.num_entries) +
                      " entries that it states");
  }
  return {path, std::move(file), std::move(entries), directory.offset};
}

std::string_view StoredZip::inner_name(const ZipEntry& entry) {
  const std::string_view name = entry.name;
  return name.substr(name.find('/') + 1);  // npos + 1 is 0: the whole name
}

const ZipEntry* StoredZip::find(std::string_view inner) const {
  const auto found = std::ranges::find(entries_, inner, inner_name);
  return found == entries_.end() ? nullptr : &*found;
}

std::span<const std::byte> StoredZip::data(const ZipEntry& entry) const {
  if (entry.method != 0 || (entry.flags & kEncrypted) != 0) {
    damaged(path_, "entry '" + one_line(entry.name) + "' is compressed or encrypted, expected a stored one");
  }
  return file_.bytes().subspan(entry.offset, entry.size);
}

std::span<const std::byte> StoredZip::checked_data(const ZipEntry& entry) const {
  const std::span<const std::byte> bytes = data(entry);
  if (crc32(bytes) != entry.crc)
    damaged(path_, "entry '" + one_line(entry.name) + "' does not have its checksum");
  return bytes;
}

void StoredZip::check_contiguous() const {
  std::vector<const ZipEntry*> in_order;
  in_order.reserve(entries_.size());
  for (const ZipEntry& entry : entries_) in_order.push_back(&entry);
  std::ranges::sort(in_order, {}, &ZipEntry::header_offset);
  std::uint64_t expected = 0;
  for (const ZipEntry* entry : in_order) {
    if (entry->header_offset != expected) {
      damaged(path_, "entry '" + one_line(entry->name) + "' begins at byte " +
                         std::to_string(entry->header_offset) + ", expected at byte " +
                         std::to_string(expected));
    }
    expected = end_of(Bytes(path_, file_.bytes()), *entry);
  }
  if (expected != directory_offset_) {
    damaged(path_, "its entries end at byte " + std::to_string(expected) +
                       ", its zip directory begins at byte " + std::to_string(directory_offset_));
  }
}

void overwrite_stored_entry(const std::filesystem::path& path, std::string_view inner,
                            std::string_view text) {
  const StoredZip archive = StoredZip::open(path);
  const ZipEntry* const entry = archive.find(inner);
  if (entry == nullptr || entry->method != 0 || entry->size != text.size()) {
    throw Error(ErrorCode::kInternal, path.string() + ": no stored entry '" + std::string(inner) + "' of " +
                                          std::to_string(text.size()) + " bytes to overwrite");
  }
  const std::array<std::byte, 4> crc = little_endian(crc32(std::as_bytes(std::span(text))));
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  const auto write_at = [&](std::uint64_t offset, const void* from, std::size_t size) {
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(static_cast<const char*>(from), static_cast<std::streamsize>(size));
  };
  write_at(entry->offset, text.data(), text.size());
  write_at(entry->central_offset + 16, crc.data(), crc.size());
  if ((entry->flags & kHasDescriptor) == 0) {
    write_at(entry->header_offset + 14, crc.data(), crc.size());
  } else {
    // The descriptor behind the data begins with an optional signature.
    const MappedFile mapped = MappedFile::open(path);
    const std::uint64_t after = entry->offset + entry->size;
    const bool is_signed =
        Bytes(path, mapped.bytes()).u32(after, "a data descriptor") == kDescriptorSignature;
    write_at(after + (is_signed ? 4 : 0), crc.data(), crc.size());
  }
  file.flush();
  if (!file)
    throw Error(ErrorCode::kOutputFailed, path.string() + ": cannot be written; check the disk's free space");
}

}  // namespace da3::core
