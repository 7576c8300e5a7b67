// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <codec/byte_reader.hpp>
#include <codec/picture_format.hpp>

namespace da3::codec {
namespace {

bool is_space(std::uint8_t byte) {
  return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/// Reads the numbers of a header or of plain samples, between them white space and comments.
class Tokens {
 public:
  explicit Tokens(const EncodedPicture& picture) : picture_(picture), bytes_(picture.bytes) {}

  std::size_t position() const { return at_; }

  /// Throws: Error kImageTruncated at the end, kImageCorrupt for what is no number or above `limit`.
  std::uint32_t number(const char* what, std::uint32_t limit) {
    skip_space();
    std::uint64_t value = 0;
    const std::size_t start = at_;
    while (at_ < bytes_.size() && bytes_[at_] >= '0' && bytes_[at_] <= '9') {
      value = value * 10 + (bytes_[at_++] - std::uint64_t{'0'});
      if (value > limit) throw_corrupt(picture_, "PNM", std::string(what) + " above " + grouped(limit));
    }
    if (at_ == start) throw_corrupt(picture_, "PNM", std::string("no number where ") + what + " should be");
    return static_cast<std::uint32_t>(value);
  }

  /// One digit 0 or 1; plain bitmaps need no space between them.
  bool bit() {
    skip_space();
    const std::uint8_t digit = bytes_[at_++];
    if (digit != '0' && digit != '1') throw_corrupt(picture_, "PNM", "a pixel that is neither 0 nor 1");
    return digit == '1';
  }

  /// The single white space that ends a header.
  void end_header() {
    if (at_ >= bytes_.size()) throw_early();
    if (!is_space(bytes_[at_++])) throw_corrupt(picture_, "PNM", "no white space after its header");
  }

 private:
  void skip_space() {
    while (at_ < bytes_.size() && (is_space(bytes_[at_]) || bytes_[at_] == '#')) {
      if (bytes_[at_] == '#') {
        while (at_ < bytes_.size() && bytes_[at_] != '\n' && bytes_[at_] != '\r') ++at_;
      } else {
        ++at_;
      }
    }
    if (at_ >= bytes_.size()) throw_early();
  }

  [[noreturn]] void throw_early() const {
    throw_truncated(picture_, "PNM", "after " + grouped(bytes_.size()) + " bytes");
  }

  const EncodedPicture& picture_;
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 2;  // After the kind
};

struct Layout {
  bool plain = false;   // P1 to P3: numbers as text
  bool bitmap = false;  // P1, P4: 1 is black
  std::size_t channels = 1;
  std::uint64_t height = 0;
  std::uint64_t width = 0;
  std::uint32_t maxval = 1;
  std::size_t data_offset = 0;
};

Layout read_layout(const EncodedPicture& picture) {
  const std::uint8_t kind = ByteReader(picture.bytes).u8(1).value_or(0);
  Layout layout;
  layout.plain = kind <= '3';
  layout.bitmap = kind == '1' || kind == '4';
  layout.channels = kind == '3' || kind == '6' ? 3 : 1;
  Tokens tokens(picture);
  constexpr std::uint32_t kAnySide = 0x7FFFFFFF;
  layout.width = tokens.number("its width", kAnySide);
  layout.height = tokens.number("its height", kAnySide);
  if (!layout.bitmap) layout.maxval = tokens.number("its largest value", 65535);
  if (layout.maxval == 0) throw_corrupt(picture, "PNM", "largest value 0");
  tokens.end_header();
  layout.data_offset = tokens.position();
  return layout;
}

/// 8-bit value of each sample; above the largest value white, as in the original tool.
std::vector<std::uint8_t> scale_table(std::uint32_t maxval, std::size_t entries) {
  std::vector<std::uint8_t> table(entries, 255);
  for (std::size_t value = 0; value <= maxval && value < entries; ++value) {
    table[value] = static_cast<std::uint8_t>((value * 510 + maxval) / (2 * std::size_t{maxval}));
  }
  return table;
}

void put(std::vector<std::uint8_t>& rgb, std::size_t channels, std::uint8_t value) {
  rgb.insert(rgb.end(), channels == 3 ? 1 : 3, value);
}

void decode_plain(const EncodedPicture& picture, const Layout& layout, Image& image) {
  const std::size_t samples = image.size.area() * layout.channels;
  // A sample takes a digit and white space, which bitmaps and the last one may leave out.
  const std::size_t least = layout.data_offset + (layout.bitmap ? samples : samples * 2 - 1);
  if (picture.bytes.size() < least) throw_truncated(picture, "PNM", least);
  const std::span<const std::uint8_t> data =
      picture.bytes.subspan(layout.data_offset - 2);  // Tokens skip a kind
  const EncodedPicture body{data, picture.name, picture.max_pixels};
  Tokens tokens(body);
  const std::vector<std::uint8_t> scale = scale_table(layout.maxval, 65536);
  for (std::size_t i = 0; i < samples; ++i) {
    const std::uint8_t value = layout.bitmap ? static_cast<std::uint8_t>(tokens.bit() ? 0 : 255)
                                             : scale[tokens.number("a sample", layout.maxval)];
    put(image.rgb, layout.channels, value);
  }
}

void decode_binary(const EncodedPicture& picture, const Layout& layout, Image& image) {
  const std::size_t row_samples = static_cast<std::size_t>(layout.width) * layout.channels;
  const std::size_t sample_bytes = layout.maxval > 255 ? 2 : 1;
  const std::size_t row_bytes = layout.bitmap ? (row_samples + 7) / 8 : row_samples * sample_bytes;
  const std::uint64_t needed = layout.data_offset + std::uint64_t{row_bytes} * layout.height;
  if (picture.bytes.size() < needed) throw_truncated(picture, "PNM", needed);
  const std::uint8_t* row = picture.bytes.data() + layout.data_offset;
  if (!layout.bitmap && layout.maxval == 255 && layout.channels == 3) {
    image.rgb.assign(row, row + image.size.area() * 3);
    return;
  }
  const std::vector<std::uint8_t> scale = scale_table(layout.maxval, sample_bytes == 2 ? 65536 : 256);
  for (std::uint64_t y = 0; y < layout.height; ++y, row += row_bytes) {
    for (std::size_t i = 0; i < row_samples; ++i) {
      std::uint8_t value = 0;
      if (layout.bitmap) {
        value = (row[i / 8] >> (7 - i % 8) & 1) != 0 ? 0 : 255;
      } else {
        value = sample_bytes == 2 ? scale[std::size_t{row[2 * i]} << 8 | row[2 * i + 1]] : scale[row[i]];
      }
      put(image.rgb, layout.channels, value);
    }
  }
}

Beginning begins(std::span<const std::uint8_t> bytes) {
  const ByteReader reader(bytes);
  if (!reader.has(0, "P")) return Beginning::kOther;
  const auto kind = reader.u8(1);
  if (!kind) return Beginning::kCut;
  if (*kind < '1' || *kind > '6') return Beginning::kOther;
  const auto next = reader.u8(2);
  if (!next) return Beginning::kCut;
  return is_space(*next) || *next == '#' ? Beginning::kWhole : Beginning::kOther;
}

/// Of P1 to P6.
PictureHeader read_header(const EncodedPicture& picture) {
  const Layout layout = read_layout(picture);
  return {checked_size(picture, "PNM", layout.height, layout.width), {}};
}

/// Of several pictures in one file the first. Samples are scaled from 0..maxval to 0..255 and rounded, as in
/// the original tool.
Image decode(const EncodedPicture& picture, const PictureHeader& header) {
  const Layout layout = read_layout(picture);
  Image image{header.size, {}};
  image.rgb.reserve(header.size.area() * 3);
  layout.plain ? decode_plain(picture, layout, image) : decode_binary(picture, layout, image);
  return image;
}

}  // namespace

const PictureCodec kPnmCodec{.name = "PNM",
                             .extensions = {"pnm", "ppm", "pgm"},
                             .begins = begins,
                             .read_header = read_header,
                             .decode = decode,
                             .header_first = true};

}  // namespace da3::codec
