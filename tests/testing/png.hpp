// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <vector>

#include <png.h>

#include <da3/image.hpp>

namespace da3::testing {

/// The samples of a PNG file as it holds them: rows one after another, 16 bits big endian.
struct PngSamples {
  Size size;
  int channels = 0;
  int bits = 0;
  std::vector<std::uint8_t> rows;
};

/// By libpng. Throws for what is no PNG file.
inline PngSamples read_png(std::span<const std::uint8_t> bytes) {
  PngSamples found;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png)) != 0) {
    png_destroy_read_struct(&png, &info, nullptr);
    throw std::runtime_error("libpng cannot read this");
  }
  png_set_read_fn(png, &bytes, [](png_structp self, png_bytep to, std::size_t count) {
    auto* rest = static_cast<std::span<const std::uint8_t>*>(png_get_io_ptr(self));
    if (rest->size() < count) png_error(self, "the file ends early");
    std::memcpy(to, rest->data(), count);
    *rest = rest->subspan(count);
  });
  png_read_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
  found.size = {static_cast<int>(png_get_image_height(png, info)),
                static_cast<int>(png_get_image_width(png, info))};
  found.channels = png_get_channels(png, info);
  found.bits = png_get_bit_depth(png, info);
  const std::size_t row_bytes = png_get_rowbytes(png, info);
  const png_bytepp rows = png_get_rows(png, info);
  for (int y = 0; y < found.size.height; ++y)
    found.rows.insert(found.rows.end(), rows[y], rows[y] + row_bytes);
  png_destroy_read_struct(&png, &info, nullptr);
  return found;
}

}  // namespace da3::testing
