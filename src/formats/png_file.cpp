// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include <formats/png_file.hpp>
#include <libdeflate.h>
#include <png.h>
#include <zlib.h>

#include <da3/error.hpp>

#include <core/text.hpp>

namespace da3::formats {
namespace {

/// What the callbacks of libpng reach. It is left by longjmp, so it holds nothing that a jump would leak.
struct Sink {
  std::vector<std::uint8_t>* bytes = nullptr;
  std::array<char, 200> message{};
  bool out_of_memory = false;
};

void on_error(png_structp png, png_const_charp message) {
  auto* sink = static_cast<Sink*>(png_get_error_ptr(png));
  std::snprintf(sink->message.data(), sink->message.size(), "%s", message);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_write(png_structp png, png_bytep data, png_size_t size) {
  auto* sink = static_cast<Sink*>(png_get_io_ptr(png));
  try {
    sink->bytes->insert(sink->bytes->end(), data, data + size);
  } catch (const std::bad_alloc&) {
    sink->out_of_memory = true;
  }
  if (sink->out_of_memory) png_error(png, "memory ran out");
}

void on_flush(png_structp) {}

int zlib_strategy(PngStrategy strategy) {
  switch (strategy) {
    case PngStrategy::kDefault:
      return Z_DEFAULT_STRATEGY;
    case PngStrategy::kFiltered:
      return Z_FILTERED;
    case PngStrategy::kRle:
      return Z_RLE;
    case PngStrategy::kHuffmanOnly:
      return Z_HUFFMAN_ONLY;
  }
  return Z_DEFAULT_STRATEGY;
}

int png_filter(PngFilter filter) {
  switch (filter) {
    case PngFilter::kNone:
      return PNG_FILTER_NONE;
    case PngFilter::kSub:
      return PNG_FILTER_SUB;
    case PngFilter::kUp:
      return PNG_FILTER_UP;
  }
  return PNG_FILTER_NONE;
}

[[noreturn]] void out_of_memory() {
  throw Error(ErrorCode::kOutOfMemory, "memory ran out while a PNG was made");
}

std::size_t pixel_bytes(const PngOptions& options) {
  return options.pixels == PngPixels::kGrey16 ? 2 : 3;
}

/// Each row behind the number of its filter: what a PNG's data are before they are packed.
std::vector<std::uint8_t> filtered_rows(const FillRow& fill, Size size, const PngOptions& options) {
  const std::size_t row_bytes = static_cast<std::size_t>(size.width) * pixel_bytes(options);
  const std::size_t step = pixel_bytes(options);
  std::vector<std::uint8_t> filtered((row_bytes + 1) * static_cast<std::size_t>(size.height));
  std::vector<std::uint8_t> row(row_bytes);
  std::vector<std::uint8_t> above(row_bytes);
  for (int y = 0; y < size.height; ++y) {
    std::uint8_t* const to = filtered.data() + static_cast<std::size_t>(y) * (row_bytes + 1);
    to[0] = static_cast<std::uint8_t>(options.filter);
    if (options.filter == PngFilter::kNone) {
      fill(y, {to + 1, row_bytes});
      continue;
    }
    fill(y, row);
    if (options.filter == PngFilter::kUp) {
      for (std::size_t i = 0; i < row_bytes; ++i) to[1 + i] = static_cast<std::uint8_t>(row[i] - above[i]);
      std::swap(row, above);
    } else {
      std::memcpy(to + 1, row.data(), std::min(step, row_bytes));
      for (std::size_t i = step; i < row_bytes; ++i)
        to[1 + i] = static_cast<std::uint8_t>(row[i] - row[i - step]);
    }
  }
  return filtered;
}

/// The rows as a zlib stream: in half of zlib's time, and smaller (docs/output-formats.md, Measurements).
std::vector<std::uint8_t> pack(const FillRow& fill, Size size, const PngOptions& options) {
  const std::vector<std::uint8_t> filtered = filtered_rows(fill, size, options);
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(options.level), &libdeflate_free_compressor);
  if (compressor == nullptr) throw std::bad_alloc();
  std::vector<std::uint8_t> packed(libdeflate_zlib_compress_bound(compressor.get(), filtered.size()));
  packed.resize(libdeflate_zlib_compress(compressor.get(), filtered.data(), filtered.size(), packed.data(),
                                         packed.size()));
  return packed;
}

/// `row`: room for one. Only plain values live here while libpng, which leaves by longjmp, is at work.
void write_rows(png_structp png, const FillRow& fill, std::span<std::uint8_t> row, Size size) {
  for (int y = 0; y < size.height; ++y) {
    fill(y, row);
    png_write_row(png, row.data());
  }
  png_write_end(png, nullptr);
}

void write_packed(png_structp png, std::span<const std::uint8_t> packed) {
  constexpr std::size_t kLongestChunk = std::size_t{1} << 30U;  // Less than 2^31 may be in one
  for (std::size_t begin = 0; begin < packed.size(); begin += kLongestChunk) {
    const std::size_t length = std::min(kLongestChunk, packed.size() - begin);
    png_write_chunk(png, reinterpret_cast<png_const_bytep>("IDAT"), packed.data() + begin, length);
  }
  png_write_chunk(png, reinterpret_cast<png_const_bytep>("IEND"), nullptr, 0);
}

/// `packed`: the rows as a zlib stream, or empty. False on an error, whose message is in the sink. Only plain
/// values live here: libpng leaves by longjmp.
bool write_png(png_structp png, png_infop info, const FillRow& fill, std::span<std::uint8_t> row,
               std::span<const std::uint8_t> packed, Size size, const PngOptions& options, png_textp texts,
               int num_texts) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  const bool grey = options.pixels == PngPixels::kGrey16;
  png_set_IHDR(png, info, static_cast<png_uint_32>(size.width), static_cast<png_uint_32>(size.height),
               grey ? 16 : 8, grey ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, png_filter(options.filter));
  png_set_compression_level(png, options.level);
  png_set_compression_strategy(png, zlib_strategy(options.strategy));
  png_set_compression_buffer_size(png, 1 << 16);
  if (num_texts > 0) png_set_text(png, info, texts, num_texts);
  png_write_info(png, info);
  if (packed.empty()) {
    write_rows(png, fill, row, size);
  } else {
    write_packed(png, packed);
  }
  return true;
}

}  // namespace

std::vector<std::uint8_t> encode_png(std::span<const std::uint8_t> rows, Size size,
                                     const PngOptions& options) {
  if (rows.size() != size.area() * pixel_bytes(options)) {
    throw Error(ErrorCode::kInternal, "PNG of " + core::size_text(size) + ": " + std::to_string(rows.size()) +
                                          " bytes do not fill its rows");
  }
  const std::size_t row_bytes = static_cast<std::size_t>(size.width) * pixel_bytes(options);
  return encode_png(
      [&](int y, std::span<std::uint8_t> row) {
        std::memcpy(row.data(), rows.data() + static_cast<std::size_t>(y) * row_bytes, row_bytes);
      },
      size, options);
}

std::vector<std::uint8_t> encode_png(const FillRow& fill, Size size, const PngOptions& options) {
  if (size.height < 1 || size.width < 1) {
    throw Error(ErrorCode::kInternal, "PNG of " + core::size_text(size) + ": it has no pixels");
  }
  std::vector<png_text> texts;
  for (const auto& [key, text] : options.texts) {
    png_text each{};
    each.compression = PNG_TEXT_COMPRESSION_NONE;
    each.key = const_cast<png_charp>(key.c_str());  // libpng copies both and does not write to them
    each.text = const_cast<png_charp>(text.c_str());
    texts.push_back(each);
  }
  const std::size_t row_bytes = static_cast<std::size_t>(size.width) * pixel_bytes(options);
  const std::size_t all_bytes = row_bytes * static_cast<std::size_t>(size.height);
  std::vector<std::uint8_t> row;
  std::vector<std::uint8_t> packed;
  std::vector<std::uint8_t> bytes;
  try {
    const bool at_once = all_bytes <= kMostBytesPackedAtOnce;
    if (options.packer == PngPacker::kFastest && at_once) {
      packed = pack(fill, size, options);
    } else {
      row.resize(row_bytes);
    }
    // Of a large picture all that it can need: what is reserved takes memory only as it is filled.
    const std::size_t expected = at_once ? all_bytes / 2 : all_bytes + all_bytes / 1000;
    bytes.reserve((packed.empty() ? expected : packed.size()) + 1024);
  } catch (const std::bad_alloc&) {
    out_of_memory();
  }
  Sink sink{&bytes, {}, false};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &sink, on_error, on_warning);
  png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
  if (info == nullptr) {
    png_destroy_write_struct(&png, nullptr);
    out_of_memory();
  }
  png_set_write_fn(png, &sink, on_write, on_flush);
  bool written = false;
  try {
    written =
        write_png(png, info, fill, row, packed, size, options, texts.data(), static_cast<int>(texts.size()));
  } catch (...) {
    png_destroy_write_struct(&png, &info);
    throw;
  }
  png_destroy_write_struct(&png, &info);
  if (sink.out_of_memory) out_of_memory();
  if (!written)
    throw Error(ErrorCode::kInternal, "libpng could not make a PNG: " + std::string(sink.message.data()));
  return bytes;
}

}  // namespace da3::formats
