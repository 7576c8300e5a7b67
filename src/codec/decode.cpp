// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <codec/bmp.hpp>
#include <codec/decode.hpp>
#include <codec/encoded_picture.hpp>
#include <codec/file_bytes.hpp>
#ifdef DA3_HAS_LIBHEIF
#include <codec/heif.hpp>
#endif
#include <codec/jpeg.hpp>
#include <codec/picture_format.hpp>
#include <codec/png.hpp>
#include <codec/pnm.hpp>
#include <codec/tiff.hpp>
#include <codec/webp.hpp>

#include <da3/error.hpp>

#include <image/orientation.hpp>

namespace da3::codec {
namespace {

struct Codec {
  PictureHeader (*read_header)(const EncodedPicture&);
  Image (*decode)(const EncodedPicture&, const PictureHeader&);
};

Codec codec_for(PictureFormat format) {
  switch (format) {
    case PictureFormat::kJpeg:
      return {read_jpeg_header, decode_jpeg};
    case PictureFormat::kPng:
      return {read_png_header, decode_png};
    case PictureFormat::kBmp:
      return {read_bmp_header, decode_bmp};
    case PictureFormat::kWebp:
      return {read_webp_header, decode_webp};
    case PictureFormat::kTiff:
      return {read_tiff_header, decode_tiff};
    case PictureFormat::kPnm:
      return {read_pnm_header, decode_pnm};
    case PictureFormat::kHeif:
#ifdef DA3_HAS_LIBHEIF
      return {read_heif_header, decode_heif};
#else
      break;
#endif
  }
  throw Error(ErrorCode::kInternal, "a picture format without a decoder; please report this as a bug");
}

// Enough for the header of nearly every file, and for telling its type.
constexpr std::size_t kUsualHeaderBytes = 128 * 1024;

Size header_size(const EncodedPicture& picture) {
  const PictureHeader header = codec_for(detect_format(picture)).read_header(picture);
  return image::upright_size(header.size, header.exif.orientation);
}

/// The whole file; refused before that if its beginning is no picture's, or if no picture within the limit of
/// pixels is as long.
std::vector<std::uint8_t> read_picture_file(const std::filesystem::path& path, const DecodeOptions& options) {
  FileBytes start = read_file(path, kUsualHeaderBytes);
  if (start.whole()) return std::move(start.bytes);
  detect_format({start.bytes, path.string(), options.max_pixels});
  constexpr std::uint64_t kMostBytesPerPixel = 16;
  constexpr std::uint64_t kMostOtherBytes = std::uint64_t{256} << 20;
  if (start.file_size / kMostBytesPerPixel > options.max_pixels + kMostOtherBytes / kMostBytesPerPixel) {
    throw Error(ErrorCode::kImageTooLarge, path.string() + ": a file of " + grouped(start.file_size) +
                                               " bytes, more than any picture within the limit of " +
                                               grouped(options.max_pixels) +
                                               " pixels; raise the limit (--max-pixels)");
  }
  return read_file(path).bytes;
}

}  // namespace

Decoded decode(std::span<const std::uint8_t> bytes, const std::string& name, const DecodeOptions& options) {
  const EncodedPicture picture{bytes, name, options.max_pixels};
  try {
    const PictureFormat format = detect_format(picture);
    const Codec codec = codec_for(format);
    const PictureHeader header = codec.read_header(picture);
    std::optional<std::vector<std::uint8_t>> pixels;
    if (format == PictureFormat::kJpeg && options.jpeg_pixels)
      pixels = options.jpeg_pixels(bytes, header.size);
    Image stored = pixels ? Image{header.size, std::move(*pixels)} : codec.decode(picture, header);
    return {image::upright(std::move(stored), header.exif.orientation),
            focal_from_exif(header.exif, header.size), focal_doubt(header.exif, header.size), header.note,
            header.exif.orientation > 1};
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kOutOfMemory,
                name + ": not enough memory to decode it; make it smaller or free memory");
  }
}

Decoded decode_file(const std::filesystem::path& path, const DecodeOptions& options) {
  try {
    return decode(read_picture_file(path, options), path.string(), options);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kOutOfMemory,
                path.string() + ": not enough memory to read it; make it smaller or free memory");
  }
}

Size read_size(const std::filesystem::path& path, const DecodeOptions& options) {
  const std::string name = path.string();
  const FileBytes start = read_file(path, kUsualHeaderBytes);
  const PictureFormat format = detect_format({start.bytes, name, options.max_pixels});
  // The other formats may hold their directory or orientation behind the pixels.
  const bool header_first =
      format == PictureFormat::kJpeg || format == PictureFormat::kBmp || format == PictureFormat::kPnm;
  if (start.whole() || header_first) {
    try {
      return header_size({start.bytes, name, options.max_pixels});
    } catch (const Error& error) {
      if (start.whole() || error.code() == ErrorCode::kImageTooLarge) throw;
    }
  }
  return header_size({read_picture_file(path, options), name, options.max_pixels});
}

}  // namespace da3::codec
