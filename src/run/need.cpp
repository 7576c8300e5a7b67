// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <depth/way.hpp>
#include <formats/png_file.hpp>

#include <core/text.hpp>
#include <run/need.hpp>

namespace da3::run {
namespace {

// Peaks per pixel of the original. Decoding: RGB, and beside it the decoder's own picture (up to 8 bytes: 16
// bit RGBA) or the turned copy.
constexpr std::uint64_t kDecodingBytesPerPixel = 11;
constexpr std::uint64_t kMapBytes = sizeof(float);
constexpr std::uint64_t kRgbBytes = 3;

/// What making a PNG takes that is made row by row: of a large one the file alone, whose bytes a pixel are
/// `file_bytes` at most for depth and photos; of others the rows and their packed copy.
std::uint64_t png_bytes(std::uint64_t pixels, std::uint64_t row_bytes, std::uint64_t file_bytes) {
  const std::uint64_t rows = pixels * row_bytes;
  return rows <= formats::kMostBytesPackedAtOnce ? 2 * rows : pixels * file_bytes;
}

/// Bytes, at most, that making a result of so many pixels takes beside the maps and the photo, its file among
/// them.
std::uint64_t encoding_bytes(formats::Format format, std::uint64_t pixels, std::uint64_t maps) {
  const std::uint64_t ranks = kMapBytes * pixels;  // Found in a copy, before there is a file
  switch (format) {
    case formats::Format::kPng16:
      return png_bytes(pixels, 2, 2);
    case formats::Format::kGrey16:
      return std::max(ranks, png_bytes(pixels, 2, 2));
    case formats::Format::kVis:
      return std::max(ranks, png_bytes(pixels, kRgbBytes, 1));
    case formats::Format::kSide:
      return std::max(ranks, png_bytes(pixels, 2 * kRgbBytes, kRgbBytes + 1));
    case formats::Format::kVisJpeg:
    case formats::Format::kHtml:
      return std::max(ranks, 2 * kRgbBytes * pixels);  // Picture and file
    case formats::Format::kSideJpeg:
      return std::max(ranks, 5 * kRgbBytes * pixels);  // Also both side by side, and their file
    case formats::Format::kExr:
    case formats::Format::kExr16:
    case formats::Format::kNpz:
      return 2 * maps * kMapBytes * pixels;
    case formats::Format::kTiff:
      return 2 * kMapBytes * pixels;
    case formats::Format::kNpy:
    case formats::Format::kPfm:
      return kMapBytes * pixels;
    case formats::Format::kPly: {
      constexpr std::uint64_t kPointBytes =
          32;  // Position, colour and confidence, in the points and in the file
      return 2 * kPointBytes * pixels;
    }
  }
  return 0;
}

/// Until the forward pass and its results.
std::uint64_t waiting_bytes(Size original, const Settings& settings) {
  const Size processed = depth::processed_size(settings.way, original);
  // The network's input, later its depth in float.
  std::uint64_t bytes = processed.area() * (kRgbBytes + sizeof(float));
  if (settings.wanted.confidence) bytes += processed.area() * sizeof(float);
  if (settings.wanted.sky) bytes += processed.area() * sizeof(float);
  if (settings.needs_photo()) bytes += depth::result_size(settings.way, original).area() * kRgbBytes;
  return bytes;
}

/// Resizing, rendering and encoding.
std::uint64_t finishing_bytes(Size original, const Settings& settings) {
  const std::uint64_t maps = 1U + (settings.wanted.confidence ? 1U : 0U) + (settings.wanted.sky ? 1U : 0U);
  const std::uint64_t pixels = depth::result_size(settings.way, original).area();
  std::uint64_t largest = 0;
  for (const formats::Format format : settings.formats) {
    largest = std::max(largest, encoding_bytes(format, pixels, maps));
  }
  return pixels * maps * kMapBytes + largest;
}

}  // namespace

Need need_of(Size original, std::uint64_t file_bytes, const Settings& settings) {
  return {.decoding = original.area() * kDecodingBytesPerPixel + file_bytes,
          .waiting = waiting_bytes(original, settings),
          .finishing = finishing_bytes(original, settings)};
}

Error beyond_memory(const std::string& path, const Need& need, std::uint64_t free_bytes) {
  return {ErrorCode::kImageTooLarge,
          path + ": needs " + core::grouped(need.peak()) + " bytes of memory for the formats asked for, " +
              core::grouped(free_bytes) +
              " are free; give fewer formats or --size model, make the picture smaller, or free memory"};
}

}  // namespace da3::run
