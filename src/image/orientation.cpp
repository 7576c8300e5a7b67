// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstring>

#include <image/orientation.hpp>

namespace da3::image {

Size upright_size(Size stored, int orientation) {
  return orientation >= 5 ? Size{stored.width, stored.height} : stored;
}

Image upright(Image stored, int orientation) {
  if (orientation <= 1 || orientation > 8) return stored;
  const std::ptrdiff_t height = stored.size.height;
  const std::ptrdiff_t width = stored.size.width;
  // Where the upright picture's first pixel is stored, and the steps from there along its rows and columns.
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool transposed = orientation >= 5;
  const std::ptrdiff_t along_width = from_right ? -3 : 3;
  const std::ptrdiff_t along_height = (from_bottom ? -3 : 3) * width;
  const std::ptrdiff_t step_x = transposed ? along_height : along_width;
  const std::ptrdiff_t step_y = transposed ? along_width : along_height;
  const std::uint8_t* first =
      stored.rgb.data() + 3 * ((from_bottom ? (height - 1) * width : 0) + (from_right ? width - 1 : 0));

  Image result{upright_size(stored.size, orientation), std::vector<std::uint8_t>(stored.rgb.size())};
  const std::ptrdiff_t rows = result.size.height;
  const std::ptrdiff_t columns = result.size.width;
  constexpr std::ptrdiff_t kBlock = 64;  // 64 x 64 pixels of both pictures fit the first-level cache
  for (std::ptrdiff_t block_y = 0; block_y < rows; block_y += kBlock) {
    for (std::ptrdiff_t block_x = 0; block_x < columns; block_x += kBlock) {
      for (std::ptrdiff_t y = block_y; y < std::min(rows, block_y + kBlock); ++y) {
        std::uint8_t* out = result.rgb.data() + 3 * (y * columns + block_x);
        const std::uint8_t* in = first + y * step_y + block_x * step_x;
        for (std::ptrdiff_t x = block_x; x < std::min(columns, block_x + kBlock);
             ++x, out += 3, in += step_x) {
          std::memcpy(out, in, 3);
        }
      }
    }
  }
  return result;
}

}  // namespace da3::image
