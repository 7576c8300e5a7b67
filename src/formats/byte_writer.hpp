// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace da3::formats {

/// Appends numbers in little endian.
class ByteWriter {
 public:
  explicit ByteWriter(std::size_t expected) { bytes_.reserve(expected); }

  template <typename Number>
    requires std::integral<Number> || std::floating_point<Number>
  void put(Number value) {
    std::array<std::uint8_t, sizeof(Number)> raw{};
    std::memcpy(raw.data(), &value, sizeof(Number));
    if constexpr (std::endian::native == std::endian::big) std::reverse(raw.begin(), raw.end());
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
  }

  template <typename Numbers>
  void put_all(const Numbers& values) {
    for (const auto value : values) put(value);
  }

  void put_text(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }

  std::size_t size() const { return bytes_.size(); }
  std::vector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace da3::formats
