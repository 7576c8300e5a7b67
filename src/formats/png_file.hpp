// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <da3/image.hpp>

namespace da3::formats {

enum class PngPixels { kGrey16, kRgb8 };
/// Numbered as in the PNG specification.
enum class PngFilter : std::uint8_t { kNone, kSub, kUp };

struct PngOptions {
  PngPixels pixels = PngPixels::kRgb8;
  PngFilter filter = PngFilter::kUp;
  std::vector<std::pair<std::string, std::string>> texts;  ///< tEXt chunks, Latin-1
};

/// Fills row `y`, counted from the top; samples of 16 bits are big endian. Asked for each once, in order.
using FillRow = std::function<void(int y, std::span<std::uint8_t> row)>;

/// A PNG file of the rows that `fill` gives. The picture is never held whole: what is held is the file.
/// Throws: Error kInternal if libpng refuses, kOutOfMemory; what `fill` throws.
std::vector<std::uint8_t> encode_png(const FillRow& fill, Size size, const PngOptions& options);

/// The same of rows that lie one after another.
std::vector<std::uint8_t> encode_png(std::span<const std::uint8_t> rows, Size size,
                                     const PngOptions& options);

}  // namespace da3::formats
