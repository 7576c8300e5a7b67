// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <tiffio.h>

namespace da3::codec {

/// libtiff over bytes in memory. Its messages are collected, never printed.
class TiffFile {
 public:
  /// The first directory of `bytes`, or an object without handle whose `messages` say why.
  explicit TiffFile(std::span<const std::uint8_t> bytes);
  TiffFile(const TiffFile&) = delete;
  TiffFile& operator=(const TiffFile&) = delete;
  ~TiffFile();

  TIFF* get() const { return tiff_; }

  /// The first message since the last `clear_messages`, empty if there was none.
  const std::string& messages() const { return messages_; }
  void clear_messages() { messages_.clear(); }
  void add_message(const char* format, va_list arguments);

  /// The value of a tag, its default where the standard has one, else `otherwise`.
  template <typename Value>
  Value tag(std::uint32_t name, Value otherwise) const {
    Value value = otherwise;
    return TIFFGetFieldDefaulted(tiff_, name, &value) == 1 ? value : otherwise;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t position_ = 0;
  std::string messages_;
  TIFF* tiff_ = nullptr;

  static tmsize_t read(thandle_t self, void* out, tmsize_t length);
  static toff_t seek(thandle_t self, toff_t offset, int whence);
};

}  // namespace da3::codec
