// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <codec/byte_reader.hpp>
#include <codec/picture_format.hpp>
#include <codec/png.hpp>
#include <png.h>
#include <zlib.h>

namespace da3::codec {
namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::size_t kChunkFrameBytes = 12;  // Length, type, checksum

struct Layout {
  std::size_t height = 0;
  std::size_t width = 0;
  int bit_depth = 0;
  int channels = 0;
  std::uint64_t data_bytes = 0;  // Of all IDAT chunks
};

int channels_of(const EncodedPicture& picture, std::uint8_t color_type) {
  switch (color_type) {
    case PNG_COLOR_TYPE_GRAY:
    case PNG_COLOR_TYPE_PALETTE:
      return 1;
    case PNG_COLOR_TYPE_GRAY_ALPHA:
      return 2;
    case PNG_COLOR_TYPE_RGB:
      return 3;
    case PNG_COLOR_TYPE_RGB_ALPHA:
      return 4;
    default:
      throw_corrupt(picture, "PNG", "colour type " + std::to_string(color_type));
  }
}

Layout read_first_chunk(const EncodedPicture& picture) {
  const ByteReader reader(picture.bytes, ByteOrder::kBig);
  constexpr std::size_t kEnd = kSignatureBytes + kChunkFrameBytes + 13;
  if (reader.size() < kEnd) throw_truncated(picture, "PNG", kEnd);
  if (reader.has(12, "CgBI")) {
    throw_unsupported(picture, "PNG files as Xcode writes them for iOS (CgBI) are not read",
                      "convert it first, for example: pngcrush -revert-iphone-optimizations IN OUT.png");
  }
  if (reader.u32(8) != 13U || !reader.has(12, "IHDR"))
    throw_corrupt(picture, "PNG", "its first chunk is not IHDR");
  Layout layout;
  layout.width = *reader.u32(16);
  layout.height = *reader.u32(20);
  layout.bit_depth = *reader.u8(24);
  layout.channels = channels_of(picture, *reader.u8(25));
  return layout;
}

/// Walks all chunks, so that missing bytes are counted and the amount of data is known before memory is
/// taken.
Layout check_chunks(const EncodedPicture& picture) {
  const ByteReader reader(picture.bytes, ByteOrder::kBig);
  Layout layout = read_first_chunk(picture);
  std::size_t at = kSignatureBytes;
  while (true) {
    const auto length = reader.u32(at);
    const std::uint64_t end = at + kChunkFrameBytes + std::uint64_t{length.value_or(0)};
    if (!length || end > reader.size()) throw_truncated(picture, "PNG", end);
    if (*length > PNG_UINT_31_MAX) throw_corrupt(picture, "PNG", "a chunk of " + grouped(*length) + " bytes");
    if (reader.has(at + 4, "IDAT")) layout.data_bytes += *length;
    if (reader.has(at + 4, "IEND")) return layout;
    at = static_cast<std::size_t>(end);
  }
}

struct Session {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::span<const std::uint8_t> rest;
  bool ended_early = false;
  char message[128] = {};

  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto* session = static_cast<Session*>(png_get_error_ptr(png));
  std::snprintf(session->message, sizeof(session->message), "%s", message);
  png_longjmp(png, 1);
}

void on_warning(png_structp /*png*/, png_const_charp /*message*/) {}

void on_read(png_structp png, png_bytep out, std::size_t length) {
  auto* session = static_cast<Session*>(png_get_io_ptr(png));
  if (length > session->rest.size()) {
    session->ended_early = true;
    png_error(png, "data end early");
  }
  std::memcpy(out, session->rest.data(), length);
  session->rest = session->rest.subspan(length);
}

struct Rgb8 {
  static constexpr std::size_t kPixelBytes = 3;
  static void set_transformations(png_structp png, png_infop info);
};

/// 16-bit grey in the machine's own byte order.
struct Grey16Samples {
  static constexpr std::size_t kPixelBytes = 2;
  static void set_transformations(png_structp png, png_infop /*info*/) {
    if constexpr (std::endian::native == std::endian::little) png_set_swap(png);
  }
};

/// Everything becomes 8-bit RGB. Gamma and colour profiles are not applied, as in the original tool.
void Rgb8::set_transformations(png_structp png, png_infop info) {
  const int color_type = png_get_color_type(png, info);
  png_set_strip_16(png);
  if (color_type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (color_type == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png, info) < 8)
    png_set_expand_gray_1_2_4_to_8(png);
  if ((color_type & PNG_COLOR_MASK_COLOR) == 0) png_set_gray_to_rgb(png);
  png_set_strip_alpha(png);
}

void ignore_descriptions(png_structp png) {
  // Texts and profiles are not used, and compressed ones would be unpacked; checksums are still verified.
  static constexpr png_byte kIgnored[] = {'i', 'C', 'C', 'P', 0,   'z', 'T', 'X', 't', 0,   'i', 'T',
                                          'X', 't', 0,   't', 'E', 'X', 't', 0,   's', 'P', 'L', 'T',
                                          0,   't', 'R', 'N', 'S', 0,   'e', 'X', 'I', 'f', 0};
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, kIgnored, sizeof(kIgnored) / 5);
}

/// Decodes into `pixels`, which grows with what is really there unless rows are interlaced. False when libpng
/// jumped out; no object is alive across the jump.
template <typename Pixel>
bool run(Session& session, Size size, std::vector<std::uint8_t>& pixels) {
  if (setjmp(png_jmpbuf(session.png)) != 0) return false;  // NOLINT(cert-err52-cpp): libpng's protocol
  png_structp png = session.png;
  png_set_read_fn(png, &session, on_read);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  ignore_descriptions(png);
  png_read_info(png, session.info);
  Pixel::set_transformations(png, session.info);
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, session.info);
  const std::size_t stride = static_cast<std::size_t>(size.width) * Pixel::kPixelBytes;
  if (png_get_rowbytes(png, session.info) != stride) png_error(png, "unexpected row size");
  pixels.reserve(size.area() * Pixel::kPixelBytes);
  for (int pass = 0; pass < passes; ++pass) {
    for (std::size_t y = 0; y < static_cast<std::size_t>(size.height); ++y) {
      if (pass == 0) pixels.resize((y + 1) * stride);
      png_read_row(png, pixels.data() + y * stride, nullptr);
    }
  }
  png_read_end(png, nullptr);
  return true;
}

/// Throws: Error kImageCorrupt for less data than so many pixels can be packed into.
void check_data(const EncodedPicture& picture, const Layout& layout) {
  // Deflate expands a byte to 1,032 at most.
  const std::uint64_t row_bytes =
      (layout.width * static_cast<std::uint64_t>(layout.bit_depth * layout.channels) + 7) / 8 + 1;
  const std::uint64_t least = row_bytes * layout.height / 1032;
  if (layout.data_bytes < least) {
    throw_corrupt(
        picture, "PNG",
        grouped(layout.data_bytes) + " bytes of pixel data, at least " + grouped(least) + " needed");
  }
}

template <typename Pixel>
std::vector<std::uint8_t> decode_pixels(const EncodedPicture& picture, Size size) {
  std::vector<std::uint8_t> pixels;
  Session session;
  session.rest = picture.bytes;
  session.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &session, on_error, on_warning);
  if (session.png != nullptr) session.info = png_create_info_struct(session.png);
  if (session.info == nullptr) throw std::bad_alloc();
  if (!run<Pixel>(session, size, pixels)) {
    if (session.ended_early)
      throw_truncated(picture, "PNG", "after " + grouped(picture.bytes.size()) + " bytes");
    throw_corrupt(picture, "PNG", session.message);
  }
  return pixels;
}

constexpr std::size_t kMostProfileBytes = std::size_t{1}
                                          << 20U;  // An APP1 segment has 64 KiB, in digits twice that

std::span<const std::uint8_t> without_exif_prefix(std::span<const std::uint8_t> exif) {
  return ByteReader(exif).has(0, {"Exif\0\0", 6}) ? exif.subspan(6) : exif;
}

/// A zlib stream's content, up to the limit; what is damaged or longer counts as empty.
std::vector<std::uint8_t> inflated(std::span<const std::uint8_t> packed) {
  std::vector<std::uint8_t> bytes(kMostProfileBytes);
  uLongf length = bytes.size();
  if (uncompress(bytes.data(), &length, packed.data(), static_cast<uLong>(packed.size())) != Z_OK) return {};
  bytes.resize(length);
  return bytes;
}

/// EXIF data as ImageMagick and exiftool put them into texts: a name, a length, hexadecimal digits.
std::vector<std::uint8_t> exif_of_text(std::span<const std::uint8_t> text) {
  const std::string_view rest(reinterpret_cast<const char*>(text.data()), text.size());
  std::size_t at = rest.find_first_not_of('\n');
  for (int line = 0; line < 2 && at != std::string_view::npos; ++line) at = rest.find('\n', at + 1);
  std::vector<std::uint8_t> bytes;
  int high = -1;
  for (; at < rest.size(); ++at) {
    const char c = rest[at];
    if (c == '\n' || c == '\r' || c == ' ') continue;
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return {};
    if (high >= 0) bytes.push_back(static_cast<std::uint8_t>(high * 16 + digit));
    high = high >= 0 ? -1 : digit;
  }
  return bytes;
}

/// The EXIF data in a text chunk, or empty.
std::vector<std::uint8_t> exif_of_text_chunk(const ByteReader& reader, std::size_t at, std::uint32_t length) {
  const auto body = reader.part(at + 8, length);
  for (const std::string_view name :
       {std::string_view("Raw profile type exif", 22), std::string_view("Raw profile type APP1", 22)}) {
    if (!ByteReader(body).has(0, name)) continue;
    if (reader.has(at + 4, "tEXt")) return exif_of_text(body.subspan(name.size()));
    if (body.size() > name.size() && body[name.size()] == 0) {
      return exif_of_text(inflated(body.subspan(name.size() + 1)));
    }
  }
  return {};
}

Beginning begins(std::span<const std::uint8_t> bytes) {
  return beginning_of(bytes, "\x89PNG\r\n\x1A\n");
}

PictureHeader read_header(const EncodedPicture& picture) {
  const ByteReader reader(picture.bytes, ByteOrder::kBig);
  const Layout layout = read_first_chunk(picture);
  PictureHeader header{checked_size(picture, "PNG", layout.height, layout.width), {}};
  // The EXIF chunk may stand anywhere, and is found by stepping over the others. It wins over a text.
  for (std::size_t at = kSignatureBytes; at + kChunkFrameBytes <= reader.size();) {
    const std::uint32_t length = *reader.u32(at);
    if (reader.has(at + 4, "eXIf")) {
      header.exif = parse_exif(without_exif_prefix(reader.part(at + 8, length)));
      break;
    }
    if (reader.has(at + 4, "zTXt") || reader.has(at + 4, "tEXt")) {
      const std::vector<std::uint8_t> exif = exif_of_text_chunk(reader, at, length);
      if (!exif.empty()) header.exif = parse_exif(without_exif_prefix(exif));
    }
    at += kChunkFrameBytes + std::size_t{length};
  }
  return header;
}

/// A wrong checksum anywhere, missing data or a missing end is an error.
Image decode(const EncodedPicture& picture, const PictureHeader& header) {
  check_data(picture, check_chunks(picture));
  return {header.size, decode_pixels<Rgb8>(picture, header.size)};
}

}  // namespace

const PictureCodec kPngCodec{
    .name = "PNG", .extensions = {"png"}, .begins = begins, .read_header = read_header, .decode = decode};

Grey16 decode_grey16_png(const EncodedPicture& picture) {
  if (!ByteReader(picture.bytes, ByteOrder::kBig).has(1, "PNG")) {
    throw_unsupported(picture, "no PNG", "save it as a PNG of one 16-bit grey channel");
  }
  const Layout layout = check_chunks(picture);
  if (layout.bit_depth != 16 || layout.channels != 1) {
    throw_unsupported(picture,
                      "a PNG of " + std::to_string(layout.channels) + " channels of " +
                          std::to_string(layout.bit_depth) + " bits",
                      "save it as a PNG of one 16-bit grey channel");
  }
  check_data(picture, layout);
  const Size size = checked_size(picture, "PNG", layout.height, layout.width);
  const std::vector<std::uint8_t> bytes = decode_pixels<Grey16Samples>(picture, size);
  Grey16 grey{size, std::vector<std::uint16_t>(size.area())};
  std::memcpy(grey.values.data(), bytes.data(), bytes.size());
  return grey;
}

}  // namespace da3::codec
