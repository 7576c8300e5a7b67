// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include <codec/opened_picture.hpp>

#include <da3/error.hpp>

#include <image/orientation.hpp>

namespace da3::codec {
namespace {

// Enough for the header of nearly every file, and for telling its type.
constexpr std::uint64_t kUsualHeaderBytes = 128 * 1024;

Error out_of_memory(const std::string& name, const char* work) {
  return {ErrorCode::kOutOfMemory,
          name + ": not enough memory to " + work + "; make it smaller or free memory"};
}

}  // namespace

OpenedPicture::OpenedPicture(const std::filesystem::path& path, const DecodeOptions& options)
    : name_(path.string()), options_(options), file_(path) {
  try {
    file_.read_up_to(std::min(file_.size(), kUsualHeaderBytes), start_);
    bytes_ = start_;
    codec_ = &detect_format(picture());
    if (is_whole() || !start_holds_header()) {
      read_rest();
      read_header();
    }
  } catch (const std::bad_alloc&) {
    throw out_of_memory(name_, "read it");
  }
}

OpenedPicture::OpenedPicture(std::span<const std::uint8_t> bytes, std::string name,
                             const DecodeOptions& options)
    : name_(std::move(name)), options_(options), bytes_(bytes) {
  try {
    codec_ = &detect_format(picture());
    read_header();
  } catch (const std::bad_alloc&) {
    throw out_of_memory(name_, "decode it");
  }
}

EncodedPicture OpenedPicture::picture() const {
  return {bytes_, name_, options_.max_pixels};
}

Size OpenedPicture::size() const {
  return image::upright_size(header_.size, header_.exif.orientation);
}

std::uint64_t OpenedPicture::held_bytes() const {
  return start_.size() > kUsualHeaderBytes ? start_.size() : 0;
}

void OpenedPicture::read_header() {
  header_ = codec_->read_header(picture());
}

/// Reads the header if the beginning of the file is enough for it.
bool OpenedPicture::start_holds_header() {
  if (!codec_->header_first) return false;
  try {
    read_header();
    return true;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kImageTooLarge) throw;
    return false;
  }
}

/// Refused if no picture within the limit of pixels is as long.
void OpenedPicture::read_rest() {
  if (is_whole()) return;
  constexpr std::uint64_t kMostBytesPerPixel = 16;
  constexpr std::uint64_t kMostOtherBytes = std::uint64_t{256} << 20;
  if (file_.size() / kMostBytesPerPixel > options_.max_pixels + kMostOtherBytes / kMostBytesPerPixel) {
    throw Error(ErrorCode::kImageTooLarge, name_ + ": a file of " + grouped(file_.size()) +
                                               " bytes, more than any picture within the limit of " +
                                               grouped(options_.max_pixels) +
                                               " pixels; raise the limit (--max-pixels)");
  }
  file_.read_up_to(file_.size(), start_);
  bytes_ = start_;
  file_.close();
}

Decoded OpenedPicture::decode() {
  try {
    read_rest();
  } catch (const std::bad_alloc&) {
    throw out_of_memory(name_, "read it");
  }
  try {
    std::optional<std::vector<std::uint8_t>> pixels;
    if (codec_ == &kJpegCodec && options_.jpeg_pixels) pixels = options_.jpeg_pixels(bytes_, header_.size);
    Image stored = pixels ? Image{header_.size, std::move(*pixels)} : codec_->decode(picture(), header_);
    start_ = {};
    return {image::upright(std::move(stored), header_.exif.orientation),
            focal_from_exif(header_.exif, header_.size),
            focal_doubt(header_.exif, header_.size),
            header_.note,
            header_.exif.orientation > 1,
            codec_->is_widely_read};
  } catch (const std::bad_alloc&) {
    throw out_of_memory(name_, "decode it");
  }
}

}  // namespace da3::codec
