// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include <formats/deflate.hpp>
#include <formats/png_file.hpp>
#include <png.h>

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

[[noreturn]] void out_of_memory() {
  throw Error(ErrorCode::kOutOfMemory, "memory ran out while a PNG was made");
}

std::size_t pixel_bytes(const PngOptions& options) {
  return options.pixels == PngPixels::kGrey16 ? 2 : 3;
}

/// What packing needs of a picture's rows, taken before libpng is at work.
struct Rows {
  explicit Rows(std::size_t row_bytes)
      : row(row_bytes), above(row_bytes), line(row_bytes + 1), deflater(Deflater::Wrapper::kZlib) {}

  std::vector<std::uint8_t> row;
  std::vector<std::uint8_t> above;  ///< The row before, if the filter is `up`
  std::vector<std::uint8_t> line;   ///< The number of the filter, then the filtered row
  Deflater deflater;
};

/// Row `y` into `rows.line`.
void filter_row(Rows& rows, const FillRow& fill, int y, const PngOptions& options) {
  std::uint8_t* const to = rows.line.data();
  const std::size_t row_bytes = rows.row.size();
  to[0] = static_cast<std::uint8_t>(options.filter);
  if (options.filter == PngFilter::kNone) {
    fill(y, {to + 1, row_bytes});
    return;
  }
  fill(y, rows.row);
  const std::uint8_t* const row = rows.row.data();
  if (options.filter == PngFilter::kUp) {
    const std::uint8_t* const above = rows.above.data();
    for (std::size_t i = 0; i < row_bytes; ++i) to[1 + i] = static_cast<std::uint8_t>(row[i] - above[i]);
    std::swap(rows.row, rows.above);
  } else {
    const std::size_t step = pixel_bytes(options);
    std::memcpy(to + 1, row, std::min(step, row_bytes));
    for (std::size_t i = step; i < row_bytes; ++i)
      to[1 + i] = static_cast<std::uint8_t>(row[i] - row[i - step]);
  }
}

void write_chunk(png_structp png, const char* name, std::span<const std::uint8_t> bytes) {
  png_write_chunk(png, reinterpret_cast<png_const_bytep>(name), bytes.data(), bytes.size());
}

/// Only plain values live here while libpng, which leaves by longjmp, is at work.
void write_rows(png_structp png, const FillRow& fill, Rows& rows, Size size, const PngOptions& options) {
  constexpr std::size_t kChunkBytes = std::size_t{1} << 18U;
  for (int y = 0; y < size.height; ++y) {
    filter_row(rows, fill, y, options);
    rows.deflater.add(rows.line);
    if (rows.deflater.packed().size() < kChunkBytes) continue;
    write_chunk(png, "IDAT", rows.deflater.packed());
    rows.deflater.clear();
  }
  rows.deflater.finish();
  write_chunk(png, "IDAT", rows.deflater.packed());
  write_chunk(png, "IEND", {});
}

/// False on an error, whose message is in the sink. Only plain values live here: libpng leaves by longjmp.
bool write_png(png_structp png, png_infop info, const FillRow& fill, Rows& rows, Size size,
               const PngOptions& options, png_textp texts, int num_texts) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  const bool grey = options.pixels == PngPixels::kGrey16;
  png_set_IHDR(png, info, static_cast<png_uint_32>(size.width), static_cast<png_uint_32>(size.height),
               grey ? 16 : 8, grey ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  if (num_texts > 0) png_set_text(png, info, texts, num_texts);
  png_write_info(png, info);
  write_rows(png, fill, rows, size, options);
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
  std::unique_ptr<Rows> rows;
  std::vector<std::uint8_t> bytes;
  try {
    rows = std::make_unique<Rows>(row_bytes);
    // All that it can need: what is reserved takes memory only as it is filled.
    bytes.reserve(all_bytes + all_bytes / 1000 + 1024);
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
    written = write_png(png, info, fill, *rows, size, options, texts.data(), static_cast<int>(texts.size()));
  } catch (const std::bad_alloc&) {
    png_destroy_write_struct(&png, &info);
    out_of_memory();
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
