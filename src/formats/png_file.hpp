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

/// How zlib looks for repetitions (zlib's manual, deflateInit2); libdeflate has no such choice.
enum class PngStrategy { kDefault, kFiltered, kRle, kHuffmanOnly };

/// Larger pictures are packed row by row, so that no second copy of them is held.
inline constexpr std::uint64_t kMostBytesPackedAtOnce = std::uint64_t{192} << 20U;

/// What packs the rows. The fastest is libdeflate where the picture is not too large for it; zlib is libpng's
/// own.
enum class PngPacker { kFastest, kZlib };

struct PngOptions {
  PngPixels pixels = PngPixels::kRgb8;
  PngFilter filter = PngFilter::kUp;
  PngStrategy strategy = PngStrategy::kDefault;
  PngPacker packer = PngPacker::kFastest;
  int level = 1;                                           ///< Of zlib or libdeflate, 0..9
  std::vector<std::pair<std::string, std::string>> texts;  ///< tEXt chunks, Latin-1
};

/// Fills row `y`, counted from the top; samples of 16 bits are big endian. Asked for each once, in order.
using FillRow = std::function<void(int y, std::span<std::uint8_t> row)>;

/// A PNG file of the rows that `fill` gives. A large picture is never held whole: what is held is the file.
/// Throws: Error kInternal if libpng refuses, kOutOfMemory; what `fill` throws.
std::vector<std::uint8_t> encode_png(const FillRow& fill, Size size, const PngOptions& options);

/// The same of rows that lie one after another.
std::vector<std::uint8_t> encode_png(std::span<const std::uint8_t> rows, Size size,
                                     const PngOptions& options);

}  // namespace da3::formats
