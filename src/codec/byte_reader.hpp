// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace da3::codec {

enum class ByteOrder { kLittle, kBig };

/// Integers at any offset of `bytes`; none where they would reach past the end, so a hostile offset is
/// harmless.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes, ByteOrder order = ByteOrder::kLittle)
      : bytes_(bytes), order_(order) {}

  std::size_t size() const { return bytes_.size(); }
  std::optional<std::uint8_t> u8(std::size_t offset) const;
  std::optional<std::uint16_t> u16(std::size_t offset) const;
  std::optional<std::uint32_t> u32(std::size_t offset) const;

  /// `length` bytes from `offset`; empty if they are not all there.
  std::span<const std::uint8_t> part(std::size_t offset, std::size_t length) const {
    if (offset > bytes_.size() || length > bytes_.size() - offset) return {};
    return bytes_.subspan(offset, length);
  }

  /// Whether `text` stands at `offset`.
  bool has(std::size_t offset, std::string_view text) const;

 private:
  std::optional<std::uint64_t> number(std::size_t offset, std::size_t length) const;

  std::span<const std::uint8_t> bytes_;
  ByteOrder order_;
};

}  // namespace da3::codec
