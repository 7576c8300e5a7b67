// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include <codec/encoded_picture.hpp>

// The picture formats that are read: one row each, in the file of the format.
namespace da3::codec {

/// What the first bytes of a file say of one format.
enum class Beginning {
  kOther,  ///< Not this format
  kCut,    ///< This format, if the file did not end here
  kWhole,  ///< This format
};

/// All that is known of a format. Threads: every function is safe from any number.
struct PictureCodec {
  std::string_view name;                       ///< In errors, such as "JPEG"
  std::array<std::string_view, 3> extensions;  ///< Of its files in folders, lower case
  Beginning (*begins)(std::span<const std::uint8_t> bytes);
  /// Throws: Error as `decode`, kImageTruncated where the header is longer than the bytes.
  PictureHeader (*read_header)(const EncodedPicture& picture) = nullptr;
  /// The stored picture, (H, W, 3) RGB: alpha dropped, grey spread, of 16 bits the upper 8. Throws: Error as
  /// codec::decode.
  Image (*decode)(const EncodedPicture& picture, const PictureHeader& header) = nullptr;
  const char* (*version)() = nullptr;  ///< Of `library`, as it runs
  bool header_first = false;           ///< A header never stands behind the pixels
  bool raw_files_alike = false;        ///< Camera raw files begin as this format: their names tell them apart
  bool yields_to_twin = false;         ///< In folders, to a picture of the same stem (phones write both)
  bool is_widely_read = true;          ///< By OpenCV, COLMAP and trainers, too
  std::string_view library{};  ///< That a build may lack; such a build has none of the functions above
  std::string_view kinds{};    ///< What such a build does not read, "HEIC, HEIF and AVIF"
  std::string_view convert{};  ///< and how to convert it

  bool is_read() const { return decode != nullptr; }
};

extern const PictureCodec kJpegCodec, kPngCodec, kBmpCodec, kWebpCodec, kTiffCodec, kPnmCodec, kHeifCodec;

/// In the order in which messages list them.
inline constexpr std::array kPictureCodecs{&kJpegCodec, &kPngCodec, &kBmpCodec, &kWebpCodec,
                                           &kTiffCodec, &kPnmCodec, &kHeifCodec};

/// Whether `bytes` begin with `signature` or end within it.
Beginning beginning_of(std::span<const std::uint8_t> bytes, std::string_view signature);

/// Whether the first half of a KiB is printable, with tabs and line ends.
bool is_text(std::span<const std::uint8_t> bytes);

/// The format whose files are called ".EXTENSION", given in lower case, or null.
const PictureCodec* codec_of_extension(std::string_view extension);

/// The first format that files which begin so are of, also one that this build does not read; null if there
/// is none.
const PictureCodec* codec_of_beginning(std::span<const std::uint8_t> bytes,
                                       Beginning beginning = Beginning::kWhole);

/// The format that the content shows; the name decides only where formats share a beginning (camera raw files
/// are TIFF files). Throws: Error kImageUnsupported with how to convert it, kImageTruncated for a file that
/// is empty or ends within a known beginning, kImageCorrupt for one of zero bytes only.
const PictureCodec& detect_format(const EncodedPicture& picture);

}  // namespace da3::codec
