// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <codec/decode.hpp>
#include <codec/encoded_picture.hpp>
#include <codec/file_bytes.hpp>
#include <codec/picture_format.hpp>

#include <da3/image.hpp>

namespace da3::codec {

/// A picture whose header has been read and whose pixels have not: what it needs is known before it is
/// decoded. The file is opened once and its header parsed once, however long lies between the two steps.
/// Threads: one at a time.
class OpenedPicture {
 public:
  /// Opens a regular file and reads its header. Throws: Error kInputNotFound, kInputUnreadable,
  /// kInputNotRegular (never opens a FIFO or device), kImageUnsupported, kImageTruncated, kImageCorrupt,
  /// kImageTooLarge, kOutOfMemory.
  OpenedPicture(const std::filesystem::path& path, const DecodeOptions& options);
  /// The same of bytes in memory, called `name` in errors. Lifetime: `bytes` outlive it.
  OpenedPicture(std::span<const std::uint8_t> bytes, std::string name, const DecodeOptions& options);

  /// After orientation.
  Size size() const;
  /// Of the whole file.
  std::uint64_t file_bytes() const { return is_whole() ? bytes_.size() : file_.size(); }
  /// Of a file, held in memory until `decode`, beyond the 128 KiB that every one may take: all of a long file
  /// of a format whose header may come last, else 0.
  std::uint64_t held_bytes() const;

  /// Reads the rest and decodes it; once. Throws: as codec::decode.
  Decoded decode();

 private:
  EncodedPicture picture() const;
  bool is_whole() const { return bytes_.size() >= file_.size(); }
  void read_header();
  bool start_holds_header();
  void read_rest();

  std::string name_;
  DecodeOptions options_;
  RegularFile file_;                     ///< None of bytes in memory
  std::vector<std::uint8_t> start_;      ///< Of a file; all of it after `read_rest`
  std::span<const std::uint8_t> bytes_;  ///< `start_`, or what was handed over
  const PictureCodec* codec_ = nullptr;
  PictureHeader header_;
};

}  // namespace da3::codec
