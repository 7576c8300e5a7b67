// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include <codec/byte_reader.hpp>

namespace da3::codec {

std::optional<std::uint64_t> ByteReader::number(std::size_t offset, std::size_t length) const {
  const std::span<const std::uint8_t> field = part(offset, length);
  if (field.size() != length) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < length; ++i) {
    value = value << 8 | field[order_ == ByteOrder::kBig ? i : length - 1 - i];
  }
  return value;
}

std::optional<std::uint8_t> ByteReader::u8(std::size_t offset) const {
  const auto value = number(offset, 1);
  return value ? std::optional(static_cast<std::uint8_t>(*value)) : std::nullopt;
}

std::optional<std::uint16_t> ByteReader::u16(std::size_t offset) const {
  const auto value = number(offset, 2);
  return value ? std::optional(static_cast<std::uint16_t>(*value)) : std::nullopt;
}

std::optional<std::uint32_t> ByteReader::u32(std::size_t offset) const {
  const auto value = number(offset, 4);
  return value ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
}

bool ByteReader::has(std::size_t offset, std::string_view text) const {
  const std::span<const std::uint8_t> field = part(offset, text.size());
  return field.size() == text.size() && std::memcmp(field.data(), text.data(), text.size()) == 0;
}

}  // namespace da3::codec
