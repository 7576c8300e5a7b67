// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <codec/byte_reader.hpp>
#include <codec/picture_format.hpp>
#include <webp/decode.h>

namespace da3::codec {
namespace {

constexpr std::size_t kChunkHeaderBytes = 8;

struct Contents {
  std::span<const std::uint8_t> frame;  // The VP8 or VP8L chunk with its header
  std::optional<Size> canvas;           // Of an animation
  std::span<const std::uint8_t> exif;
};

bool is_frame(const ByteReader& reader, std::size_t at) {
  return reader.has(at, "VP8 ") || reader.has(at, "VP8L");
}

/// The picture inside an animation's frame chunk, or nothing if it covers only a part of the canvas.
std::span<const std::uint8_t> first_frame(std::span<const std::uint8_t> chunk, Size canvas) {
  const ByteReader reader(chunk);
  const auto u24 = [&](std::size_t at) {
    return static_cast<int>(reader.u16(at).value_or(0) | std::uint32_t{reader.u8(at + 2).value_or(0)} << 16);
  };
  constexpr std::size_t kFrameHeaderBytes = 16;
  if (u24(0) != 0 || u24(3) != 0 || u24(6) + 1 != canvas.width || u24(9) + 1 != canvas.height) return {};
  for (std::size_t at = kFrameHeaderBytes; at + kChunkHeaderBytes <= chunk.size();) {
    const std::size_t length = *reader.u32(at + 4);
    if (is_frame(reader, at)) return reader.part(at, kChunkHeaderBytes + length);
    at += kChunkHeaderBytes + length + length % 2;
  }
  return {};
}

enum class Depth { kHeaderOnly, kWhole };

/// Walks the RIFF chunks. `kHeaderOnly` accepts that the file goes on behind what is there.
Contents read_chunks(const EncodedPicture& picture, Depth depth) {
  const ByteReader reader(picture.bytes);
  const std::uint64_t declared = kChunkHeaderBytes + std::uint64_t{reader.u32(4).value_or(0)};
  // A writer may leave out the byte that makes the last chunk's length even.
  if (depth == Depth::kWhole && reader.size() + 1 < declared) throw_truncated(picture, "WebP", declared);
  Contents contents;
  bool animated = false;
  for (std::size_t at = 12; at + kChunkHeaderBytes <= std::min<std::uint64_t>(reader.size(), declared);) {
    const std::size_t length = *reader.u32(at + 4);
    const std::uint64_t end = at + kChunkHeaderBytes + std::uint64_t{length};
    if (depth == Depth::kWhole && end > reader.size()) throw_truncated(picture, "WebP", end);
    const std::size_t present = std::min<std::uint64_t>(reader.size(), end) - at;
    const auto body = reader.part(at + kChunkHeaderBytes, present - kChunkHeaderBytes);
    const ByteReader fields(body);
    if (reader.has(at, "VP8X") && body.size() >= 10 && (body[0] & 0x02) != 0) {
      contents.canvas = Size{static_cast<int>((body[7] | body[8] << 8 | body[9] << 16) + 1),
                             static_cast<int>((body[4] | body[5] << 8 | body[6] << 16) + 1)};
    } else if (reader.has(at, "ANMF") && contents.canvas && !animated) {
      animated = true;
      contents.frame = first_frame(body, *contents.canvas);
    } else if (is_frame(reader, at) && contents.frame.empty()) {
      contents.frame = reader.part(at, present);
    } else if (reader.has(at, "EXIF")) {
      contents.exif = fields.has(0, {"Exif\0\0", 6}) ? body.subspan(6) : body;
    }
    at = static_cast<std::size_t>(end) + length % 2;
  }
  if (contents.canvas && animated && contents.frame.empty()) {
    throw_unsupported(picture, "animations whose first frame is only a part of the picture are not read",
                      "take one frame of it first, for example: webpmux -get frame 1 IN -o OUT.webp");
  }
  return contents;
}

struct FreeWebp {
  void operator()(std::uint8_t* pixels) const { WebPFree(pixels); }
};

Beginning begins(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kContainer = 12;  // "RIFF", a size, "WEBP"
  const Beginning riff = beginning_of(bytes, "RIFF");
  if (riff != Beginning::kWhole) return riff;
  if (bytes.size() < kContainer) return Beginning::kCut;
  return ByteReader(bytes).has(8, "WEBP") ? Beginning::kWhole : Beginning::kOther;
}

PictureHeader read_header(const EncodedPicture& picture) {
  const Contents contents = read_chunks(picture, Depth::kHeaderOnly);
  WebPBitstreamFeatures features;
  // libwebp reads a frame chunk without the container around it.
  const VP8StatusCode status = WebPGetFeatures(contents.frame.data(), contents.frame.size(), &features);
  if (contents.frame.empty() || status == VP8_STATUS_NOT_ENOUGH_DATA) {
    const std::uint64_t declared =
        kChunkHeaderBytes + std::uint64_t{ByteReader(picture.bytes).u32(4).value_or(0)};
    if (declared > picture.bytes.size()) throw_truncated(picture, "WebP", declared);
    throw_corrupt(picture, "WebP", "no picture data");
  }
  if (status != VP8_STATUS_OK) throw_corrupt(picture, "WebP", "its frame header makes no sense");
  return {checked_size(picture, "WebP", static_cast<std::uint64_t>(features.height),
                       static_cast<std::uint64_t>(features.width)),
          parse_exif(contents.exif)};
}

/// Of an animation the first frame if it covers the canvas.
Image decode(const EncodedPicture& picture, const PictureHeader& header) {
  const Contents contents = read_chunks(picture, Depth::kWhole);
  // libwebp takes memory that is touched only as rows are decoded, so a size without data behind it costs
  // nothing.
  int width = 0;
  int height = 0;
  const std::unique_ptr<std::uint8_t, FreeWebp> pixels(
      WebPDecodeRGB(contents.frame.data(), contents.frame.size(), &width, &height));
  if (!pixels) throw_corrupt(picture, "WebP", "its picture data cannot be decoded");
  if (Size{height, width} != header.size) throw_corrupt(picture, "WebP", "two sizes in one file");
  return {header.size, std::vector<std::uint8_t>(pixels.get(), pixels.get() + header.size.area() * 3)};
}

}  // namespace

const PictureCodec kWebpCodec{
    .name = "WebP", .extensions = {"webp"}, .begins = begins, .read_header = read_header, .decode = decode};

}  // namespace da3::codec
