// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <depth/way.hpp>
#include <formats/encode.hpp>

#include <core/text.hpp>
#include <run/need.hpp>

namespace da3::run {
namespace {

// Peaks per pixel of the original. Decoding: RGB, and next to it the decoder's own picture (up to 8 bytes: 16
// bit RGBA) or the turned copy.
constexpr std::uint64_t kDecodingBytesPerPixel = 11;
constexpr std::uint64_t kMapBytes = sizeof(float);
constexpr std::uint64_t kRgbBytes = 3;

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
    largest = std::max(largest, formats::encoding_bytes(format, pixels, maps, settings.encode));
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
