// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <codec/encoded_picture.hpp>

#include <da3/error.hpp>

#include <core/text.hpp>

namespace da3::codec {

void throw_truncated(const EncodedPicture& picture, std::string_view format, const std::string& detail) {
  throw Error(ErrorCode::kImageTruncated, picture.name + ": " + std::string(format) + " data end early (" +
                                              detail + "); copy the file again");
}

void throw_truncated(const EncodedPicture& picture, std::string_view format, std::uint64_t needed_bytes) {
  throw_truncated(picture, format, grouped(picture.bytes.size()) + " of " + grouped(needed_bytes) + " bytes");
}

void throw_corrupt(const EncodedPicture& picture, std::string_view format, const std::string& detail) {
  throw Error(ErrorCode::kImageCorrupt, picture.name + ": damaged " + std::string(format) + " file (" +
                                            detail + "); copy the file again from its source");
}

void throw_unsupported(const EncodedPicture& picture, const std::string& what, const std::string& advice) {
  throw Error(ErrorCode::kImageUnsupported, picture.name + ": " + what + "; " + advice);
}

Size checked_size(const EncodedPicture& picture, std::string_view format, std::uint64_t height,
                  std::uint64_t width) {
  const std::string found = core::size_text(height, width) + " pixels";
  if (height == 0 || width == 0) throw_corrupt(picture, format, found);
  constexpr std::uint64_t kMaxSide = std::numeric_limits<int>::max() / 4;
  if (height > kMaxSide || width > kMaxSide || height * width > picture.max_pixels) {
    throw Error(ErrorCode::kImageTooLarge, picture.name + ": " + found + ", more than the limit of " +
                                               grouped(picture.max_pixels) +
                                               " in all; make it smaller, or raise the limit (--max-pixels)");
  }
  return {static_cast<int>(height), static_cast<int>(width)};
}

}  // namespace da3::codec
