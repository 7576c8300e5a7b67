// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <core/stored_zip.hpp>

// Writes small stored zip archives, independently of the reader under test.
namespace da3::testing {

enum class ZipHeader {
  kPlain,       ///< Sizes and CRC in the local header
  kDescriptor,  ///< CRC behind the data, with its signature, as TorchScript archives have it
  kZip64,       ///< Every number that can be 64 bits wide is
};

inline std::string little(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xffU);
  return text;
}

inline std::string zip_end(std::uint64_t num_entries, std::uint64_t size, std::uint64_t offset, bool zip64) {
  if (!zip64) {
    return "PK\x05\x06" + little(0, 4) + little(num_entries, 2) + little(num_entries, 2) + little(size, 4) +
           little(offset, 4) + little(0, 2);
  }
  return "PK\x06\x06" + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 8) +
         little(num_entries, 8) + little(num_entries, 8) + little(size, 8) + little(offset, 8) +  //
         "PK\x06\x07" + little(0, 4) + little(offset + size, 8) + little(1, 4) +                  //
         "PK\x05\x06" + little(0, 4) + little(0xffff, 2) + little(0xffff, 2) + little(0xffffffff, 4) +
         little(0xffffffff, 4) + little(0, 2);
}

/// A zip archive of these (name, content) pairs.
inline std::string zip_bytes(const std::vector<std::pair<std::string, std::string>>& files,
                             ZipHeader kind = ZipHeader::kPlain, std::uint16_t method = 0) {
  const bool zip64 = kind == ZipHeader::kZip64;
  const bool descriptor = kind == ZipHeader::kDescriptor;
  std::string bytes;
  std::string directory;
  for (const auto& [name, content] : files) {
    const std::uint64_t offset = bytes.size();
    const std::uint32_t crc = core::crc32(std::as_bytes(std::span(content)));
    const std::string flags = little(descriptor ? 8 : 0, 2);
    bytes += "PK\x03\x04" + little(45, 2) + flags + little(method, 2) + little(0, 4) +
             little(descriptor ? 0 : crc, 4) + little(descriptor ? 0 : content.size(), 4) +
             little(descriptor ? 0 : content.size(), 4) + little(name.size(), 2) + little(6, 2) + name +
             "FB" + little(2, 2) + "ZZ" + content;
    if (descriptor)
      bytes += "PK\x07\x08" + little(crc, 4) + little(content.size(), 4) + little(content.size(), 4);
    const std::string extra = zip64 ? little(9, 2) + little(1, 2) + "x" + little(1, 2) + little(24, 2) +
                                          little(content.size(), 8) + little(content.size(), 8) +
                                          little(offset, 8)
                                    : "";
    const std::string size = little(zip64 ? 0xffffffff : content.size(), 4);
    directory += "PK\x01\x02" + little(45, 2) + little(45, 2) + flags + little(method, 2) + little(0, 4) +
                 little(crc, 4) + size + size + little(name.size(), 2) + little(extra.size(), 2) +
                 little(0, 2) + little(0, 8) + little(zip64 ? 0xffffffff : offset, 4) + name + extra;
  }
  return bytes + directory + zip_end(files.size(), directory.size(), bytes.size(), zip64);
}

}  // namespace da3::testing
