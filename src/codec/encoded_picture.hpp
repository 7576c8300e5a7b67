// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <codec/exif.hpp>

#include <da3/image.hpp>

#include <core/text.hpp>

namespace da3::codec {

/// What every decoder of a format gets: the bytes of a file and what errors call it.
struct EncodedPicture {
  std::span<const std::uint8_t> bytes;
  std::string name;
  std::uint64_t max_pixels = 0;
};

/// What a header says before any pixel is decoded.
struct PictureHeader {
  Size size;  ///< As stored, before orientation.
  ExifFields exif;
  std::string note{};             ///< As Decoded::note
  std::uint64_t least_bytes = 0;  ///< That a whole file of this picture has, where the format can tell
};

using core::grouped;

/// Throw Error kImageTruncated, kImageCorrupt, kImageUnsupported with the picture's name, what was found,
/// what to try.
[[noreturn]] void throw_truncated(const EncodedPicture& picture, std::string_view format,
                                  const std::string& detail);
[[noreturn]] void throw_truncated(const EncodedPicture& picture, std::string_view format,
                                  std::uint64_t needed_bytes);
[[noreturn]] void throw_corrupt(const EncodedPicture& picture, std::string_view format,
                                const std::string& detail);
[[noreturn]] void throw_unsupported(const EncodedPicture& picture, const std::string& what,
                                    const std::string& advice);

/// The size as our type. Throws: Error kImageCorrupt for a side of 0, kImageTooLarge above `max_pixels`.
Size checked_size(const EncodedPicture& picture, std::string_view format, std::uint64_t height,
                  std::uint64_t width);

}  // namespace da3::codec
