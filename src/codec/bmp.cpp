// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <string>
#include <vector>

#include <codec/byte_reader.hpp>
#include <codec/picture_format.hpp>

namespace da3::codec {
namespace {

enum Compression : std::uint32_t { kPlain = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3, kAlphaBitFields = 6 };

using Colour = std::array<std::uint8_t, 3>;

struct Layout {
  std::uint64_t height = 0;
  std::uint64_t width = 0;
  bool top_down = false;
  unsigned bits = 0;
  std::uint32_t compression = kPlain;
  std::array<std::uint32_t, 3> masks{};  // R, G, B of 16 and 32 bits
  std::size_t palette_offset = 0;
  std::size_t palette_entry_bytes = 4;
  std::size_t palette_entries = 0;
  std::size_t data_offset = 0;
};

constexpr std::size_t kFileHeaderBytes = 14;

void read_masks(const EncodedPicture& picture, const ByteReader& reader, std::size_t dib_bytes,
                Layout& layout) {
  if (layout.compression == kBitFields || layout.compression == kAlphaBitFields) {
    // Behind a 40-byte header, or as the next fields of a longer one: the same place.
    for (std::size_t c = 0; c < 3; ++c) layout.masks[c] = reader.u32(54 + 4 * c).value_or(0);
    if (dib_bytes == 40) layout.palette_offset += layout.compression == kBitFields ? 12 : 16;
  } else if (layout.bits == 16) {
    layout.masks = {0x7C00, 0x03E0, 0x001F};
  } else {
    layout.masks = {0xFF0000, 0x00FF00, 0x0000FF};
  }
  for (const std::uint32_t mask : layout.masks) {
    const std::uint32_t low = mask == 0 ? 0 : mask >> std::countr_zero(mask);
    if ((low & (low + 1)) != 0 || low > 0xFFFF) throw_corrupt(picture, "BMP", "a colour mask with gaps");
  }
}

void check_depth(const EncodedPicture& picture, const Layout& layout) {
  const unsigned bits = layout.bits;
  if (layout.compression == 4 || layout.compression == 5) {
    throw_unsupported(picture, "bitmaps that hold a JPEG or PNG are not read",
                      "convert it to PNG or JPEG first");
  }
  const bool plain = layout.compression == kPlain &&
                     (bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32);
  const bool runs = (layout.compression == kRle8 && bits == 8) || (layout.compression == kRle4 && bits == 4);
  const bool masked = (layout.compression == kBitFields || layout.compression == kAlphaBitFields) &&
                      (bits == 16 || bits == 32);
  if (!plain && !runs && !masked) {
    // Fax and 24-bit runs of OS/2, CMYK of Windows' printing, 2 and 64 bits.
    const bool is_known =
        bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 24 || bits == 32 || bits == 64;
    if (is_known && (layout.compression <= 6 || (layout.compression >= 11 && layout.compression <= 13))) {
      throw_unsupported(picture,
                        "bitmaps of " + std::to_string(bits) + " bits a pixel with compression " +
                            std::to_string(layout.compression) + " are not read",
                        "convert it to PNG or JPEG first");
    }
    throw_corrupt(picture, "BMP",
                  std::to_string(bits) + " bits a pixel with compression " + grouped(layout.compression));
  }
}

Layout read_layout(const EncodedPicture& picture) {
  const ByteReader reader(picture.bytes, ByteOrder::kLittle);
  const std::uint64_t dib_bytes = reader.u32(14).value_or(12);
  const std::uint64_t header_end = kFileHeaderBytes + dib_bytes;
  if (reader.size() < 26 || reader.size() < header_end)
    throw_truncated(picture, "BMP", std::max<std::uint64_t>(26, header_end));
  Layout layout;
  layout.data_offset = *reader.u32(10);
  layout.palette_offset = static_cast<std::size_t>(header_end);
  std::uint32_t palette_used = 0;
  if (dib_bytes < 16) {  // OS/2 1.x
    layout.width = *reader.u16(18);
    layout.height = *reader.u16(20);
    layout.bits = *reader.u16(24);
    layout.palette_entry_bytes = 3;
  } else {
    const auto height = static_cast<std::int32_t>(*reader.u32(22));
    const auto width = static_cast<std::int32_t>(*reader.u32(18));
    if (width <= 0) throw_corrupt(picture, "BMP", "a width of " + std::to_string(width));
    layout.width = static_cast<std::uint64_t>(width);
    layout.height = static_cast<std::uint64_t>(std::llabs(height));
    layout.top_down = height < 0;
    layout.bits = *reader.u16(28);
    // Headers of OS/2 2.x may end behind any field.
    if (dib_bytes >= 20) layout.compression = *reader.u32(30);
    if (dib_bytes >= 36) palette_used = *reader.u32(46);
  }
  check_depth(picture, layout);
  read_masks(picture, reader, static_cast<std::size_t>(dib_bytes), layout);
  if (layout.bits <= 8) {
    const std::size_t most = std::size_t{1} << layout.bits;
    layout.palette_entries = palette_used == 0 ? most : std::min<std::size_t>(most, palette_used);
  }
  return layout;
}

std::vector<Colour> read_palette(const EncodedPicture& picture, const Layout& layout) {
  const std::size_t end = layout.palette_offset + layout.palette_entries * layout.palette_entry_bytes;
  if (picture.bytes.size() < end) throw_truncated(picture, "BMP", end);
  std::vector<Colour> palette(std::size_t{1} << layout.bits, Colour{});
  for (std::size_t i = 0; i < layout.palette_entries; ++i) {
    const std::uint8_t* bgr = picture.bytes.data() + layout.palette_offset + i * layout.palette_entry_bytes;
    palette[i] = {bgr[2], bgr[1], bgr[0]};
  }
  return palette;
}

/// 8-bit values of the field below `mask`.
class Channel {
 public:
  explicit Channel(std::uint32_t mask)
      : shift_(mask == 0 ? 0 : std::countr_zero(mask)),
        largest_(mask == 0 ? 1 : mask >> shift_),
        mask_(mask) {}
  std::uint8_t operator()(std::uint32_t pixel) const {
    return static_cast<std::uint8_t>(((pixel & mask_) >> shift_) * 255 / largest_);
  }

 private:
  int shift_;
  std::uint32_t largest_;
  std::uint32_t mask_;
};

struct Decoding {
  const Layout& layout;
  std::vector<Colour> palette;
  std::array<Channel, 3> channels;
};

void decode_row(const Decoding& decoding, const std::uint8_t* row, std::uint8_t* rgb) {
  const unsigned bits = decoding.layout.bits;
  for (std::size_t x = 0; x < decoding.layout.width; ++x, rgb += 3) {
    if (bits <= 8) {
      const std::size_t bit = x * bits;
      const unsigned index = row[bit / 8] >> (8 - bits - bit % 8) & ((1U << bits) - 1);
      std::copy_n(decoding.palette[index].data(), 3, rgb);
    } else if (bits == 24) {
      rgb[0] = row[3 * x + 2];
      rgb[1] = row[3 * x + 1];
      rgb[2] = row[3 * x];
    } else {
      std::uint32_t pixel = 0;
      for (std::size_t i = bits / 8; i-- > 0;) pixel = pixel << 8 | row[x * (bits / 8) + i];
      for (std::size_t c = 0; c < 3; ++c) rgb[c] = decoding.channels[c](pixel);
    }
  }
}

Image decode_rows(const EncodedPicture& picture, const Layout& layout, Size size) {
  const std::uint64_t row_bytes = (layout.width * layout.bits + 31) / 32 * 4;
  // The last row may lack its padding.
  const std::uint64_t needed =
      layout.data_offset + row_bytes * (layout.height - 1) + (layout.width * layout.bits + 7) / 8;
  if (picture.bytes.size() < needed) throw_truncated(picture, "BMP", needed);
  const Decoding decoding{layout,
                          layout.bits <= 8 ? read_palette(picture, layout) : std::vector<Colour>{},
                          {Channel(layout.masks[0]), Channel(layout.masks[1]), Channel(layout.masks[2])}};
  Image image{size, std::vector<std::uint8_t>(size.area() * 3)};
  for (std::uint64_t y = 0; y < layout.height; ++y) {
    const std::uint64_t stored = layout.top_down ? y : layout.height - 1 - y;
    decode_row(decoding, picture.bytes.data() + layout.data_offset + stored * row_bytes,
               image.rgb.data() + y * layout.width * 3);
  }
  return image;
}

/// Run-length data as palette indices, row by row in the order of the file; throws unless every row was
/// begun.
class RunLengthReader {
 public:
  RunLengthReader(const EncodedPicture& picture, const Layout& layout)
      : picture_(picture), layout_(layout), at_(layout.data_offset) {}

  std::vector<std::uint8_t> read() {
    while (true) {
      const std::uint8_t count = next();
      const std::uint8_t value = next();
      if (count > 0) {
        for (std::size_t i = 0; i < count; ++i) put(nibble(value, i));
      } else if (value == 1) {
        return end_of_bitmap();
      } else if (value == 0) {
        move(0, 1, true);
      } else if (value == 2) {
        const std::uint8_t right = next();
        move(right, next(), false);
      } else {
        literal(value);
      }
    }
  }

 private:
  std::uint8_t next() {
    if (at_ >= picture_.bytes.size()) {
      throw_truncated(picture_, "BMP",
                      "after " + grouped(picture_.bytes.size()) + " bytes, row " + grouped(y_) + " of " +
                          grouped(layout_.height));
    }
    return picture_.bytes[at_++];
  }

  std::uint8_t nibble(std::uint8_t value, std::size_t i) const {
    if (layout_.bits == 8) return value;
    return i % 2 == 0 ? value >> 4 : value & 0x0F;
  }

  void literal(std::size_t count) {
    const std::size_t bytes = layout_.bits == 8 ? count : (count + 1) / 2;
    std::uint8_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (layout_.bits == 8 || i % 2 == 0) value = next();
      put(nibble(value, i));
    }
    if (bytes % 2 != 0) next();  // Padded to 16 bits
  }

  void put(std::uint8_t index) {
    if (x_ >= layout_.width || y_ >= layout_.height)
      throw_corrupt(picture_, "BMP", "a run that leaves the picture");
    indices_.resize(y_ * layout_.width + x_, 0);
    indices_.push_back(index);
    ++x_;
  }

  void move(std::uint64_t right, std::uint64_t down, bool to_row_start) {
    x_ = to_row_start ? 0 : x_ + right;
    y_ += down;
    if (x_ > layout_.width || y_ > layout_.height)
      throw_corrupt(picture_, "BMP", "a jump that leaves the picture");
  }

  std::vector<std::uint8_t> end_of_bitmap() {
    if (y_ + 1 < layout_.height) {
      throw_truncated(picture_, "BMP",
                      "its end mark stands in row " + grouped(y_ + 1) + " of " + grouped(layout_.height));
    }
    indices_.resize(layout_.height * layout_.width, 0);
    return std::move(indices_);
  }

  const EncodedPicture& picture_;
  const Layout& layout_;
  std::size_t at_;
  std::uint64_t x_ = 0;
  std::uint64_t y_ = 0;
  std::vector<std::uint8_t> indices_;
};

Image decode_runs(const EncodedPicture& picture, const Layout& layout, Size size) {
  const std::vector<Colour> palette = read_palette(picture, layout);
  const std::vector<std::uint8_t> indices = RunLengthReader(picture, layout).read();
  Image image{size, std::vector<std::uint8_t>(size.area() * 3)};
  for (std::uint64_t y = 0; y < layout.height; ++y) {
    const std::uint64_t stored = layout.top_down ? y : layout.height - 1 - y;
    for (std::uint64_t x = 0; x < layout.width; ++x) {
      std::copy_n(palette[indices[stored * layout.width + x]].data(), 3,
                  image.rgb.data() + (y * layout.width + x) * 3);
    }
  }
  return image;
}

// "BM" alone may begin a text; the size of the header that follows is one of few, and before it stand zeros.
Beginning begins(std::span<const std::uint8_t> bytes) {
  const Beginning mark = beginning_of(bytes, "BM");
  if (mark != Beginning::kWhole) return mark;
  const auto dib_size = ByteReader(bytes).u32(kFileHeaderBytes);
  const bool header_follows =
      dib_size ? *dib_size >= 12 && *dib_size <= 256 : bytes.size() < 8 || !is_text(bytes);
  return header_follows ? Beginning::kWhole : Beginning::kOther;
}

/// Of a Windows or OS/2 bitmap.
PictureHeader read_header(const EncodedPicture& picture) {
  const Layout layout = read_layout(picture);
  return {checked_size(picture, "BMP", layout.height, layout.width), {}};
}

/// 1, 4, 8, 16, 24 or 32 bits a pixel, plain, with bit masks or run-length coded.
Image decode(const EncodedPicture& picture, const PictureHeader& header) {
  const Layout layout = read_layout(picture);
  const bool runs = layout.compression == kRle8 || layout.compression == kRle4;
  return runs ? decode_runs(picture, layout, header.size) : decode_rows(picture, layout, header.size);
}

}  // namespace

const PictureCodec kBmpCodec{.name = "BMP",
                             .extensions = {"bmp"},
                             .begins = begins,
                             .read_header = read_header,
                             .decode = decode,
                             .header_first = true};

}  // namespace da3::codec
