// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <list>
#include <new>

#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfOutputFile.h>
#include <ImfStringAttribute.h>
#include <formats/float_formats.hpp>
#include <half.h>

#include <da3/error.hpp>

#include <core/names.hpp>

namespace da3::formats {
namespace {

constexpr int kCallingThreadOnly = 0;

/// OpenEXR's output into memory.
class MemoryStream final : public Imf::OStream {
 public:
  explicit MemoryStream(std::size_t expected_bytes) : Imf::OStream("memory") {
    bytes_.reserve(expected_bytes);
  }

  void write(const char data[], int size) override {
    const auto count = static_cast<std::size_t>(size);
    if (position_ + count > bytes_.size()) bytes_.resize(position_ + count);
    std::memcpy(bytes_.data() + position_, data, count);
    position_ += count;
  }
  std::uint64_t tellp() override { return position_; }
  void seekp(std::uint64_t position) override { position_ = position; }

  std::vector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t position_ = 0;
};

constexpr core::NameTable<ExrCompression, 5> kCompressions{{{ExrCompression::kNone, "none"},
                                                            {ExrCompression::kRle, "rle"},
                                                            {ExrCompression::kZips, "zips"},
                                                            {ExrCompression::kZip, "zip"},
                                                            {ExrCompression::kPiz, "piz"}}};
constexpr core::NameTable<ExrChannels, 3> kChannels{
    {{ExrChannels::kZ, "Z"}, {ExrChannels::kY, "Y"}, {ExrChannels::kRgb, "RGB"}}};

Imf::Compression compression_of(ExrCompression compression) {
  switch (compression) {
    case ExrCompression::kNone:
      return Imf::NO_COMPRESSION;  // docs/output-formats.md, Measurements
    case ExrCompression::kRle:
      return Imf::RLE_COMPRESSION;
    case ExrCompression::kZips:
      return Imf::ZIPS_COMPRESSION;
    case ExrCompression::kZip:
      return Imf::ZIP_COMPRESSION;
    case ExrCompression::kPiz:
      return Imf::PIZ_COMPRESSION;
  }
  return Imf::NO_COMPRESSION;
}

constexpr float kLargestHalf = 65504;

/// What is too large for a half float becomes the largest.
half half_of(float value) {
  return std::isfinite(value) ? half(std::clamp(value, -kLargestHalf, kLargestHalf)) : half(value);
}

std::vector<half> halves(const DepthMap& map) {
  std::vector<half> values(map.values.size());
  std::ranges::transform(map.values, values.begin(), half_of);
  return values;
}

/// Names under which the map called `name` is stored.
std::vector<std::string> names_of(const std::string& name, ExrChannels channels) {
  if (name != "Z" || channels == ExrChannels::kZ) return {name};
  // FFmpeg takes X, Y, Z for R, G, B, and refuses two of them without the third.
  if (channels == ExrChannels::kY) return {"X", "Y", "Z"};
  return {"Z", "R", "G", "B"};
}

}  // namespace

std::string_view to_string(ExrCompression compression) {
  return core::name_of(kCompressions, compression);
}
std::string_view to_string(ExrChannels channels) {
  return core::name_of(kChannels, channels);
}
ExrCompression parse_exr_compression(std::string_view text) {
  return core::value_of(kCompressions, "EXR compression", text);
}
ExrChannels parse_exr_channels(std::string_view text) {
  return core::value_of(kChannels, "choice of EXR channels", text);
}

float as_half(float value) {
  return half_of(value);
}

std::vector<std::uint8_t> encode_exr(const NamedMaps& channels, const ExrTexts& texts,
                                     const ExrOptions& options) {
  if (channels.empty()) throw Error(ErrorCode::kInternal, "exr: no channels");
  const Size size = channels.front().second->size;
  try {
    Imf::Header header(size.width, size.height);
    header.compression() = compression_of(options.compression);
    for (const auto& [name, text] : texts) {
      if (!text.empty()) header.insert(name, Imf::StringAttribute(text));
    }
    Imf::FrameBuffer frame;
    std::list<std::vector<half>> converted;  // Where the slices point to
    for (const auto& [name, map] : channels) {
      if (map->size != size || map->values.size() != size.area()) {
        throw Error(ErrorCode::kInternal, "exr: channel " + name + " has another size than the first");
      }
      const Imf::PixelType type = options.half ? Imf::HALF : Imf::FLOAT;
      const std::size_t bytes = options.half ? sizeof(half) : sizeof(float);
      if (options.half) converted.push_back(halves(*map));
      // OpenEXR takes a writable base for reading and writing alike; an output file only reads it.
      char* base = options.half ? reinterpret_cast<char*>(converted.back().data())
                                : reinterpret_cast<char*>(const_cast<float*>(map->values.data()));
      for (const std::string& each : names_of(name, options.channels)) {
        header.channels().insert(each, Imf::Channel(type));
        frame.insert(each, Imf::Slice(type, base, bytes, bytes * static_cast<std::size_t>(size.width)));
      }
    }
    // Lines that do not get smaller are stored as they are; each has a size, a number and a place in the
    // table.
    std::size_t pixel_bytes = 0;
    for (auto each = header.channels().begin(); each != header.channels().end(); ++each)
      pixel_bytes += options.half ? sizeof(half) : sizeof(float);
    MemoryStream stream(size.area() * pixel_bytes + static_cast<std::size_t>(size.height) * 16 + 4096);
    {
      Imf::OutputFile file(stream, header, kCallingThreadOnly);
      file.setFrameBuffer(frame);
      file.writePixels(size.height);
    }  // The destructor writes the table of lines
    return stream.take();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kOutOfMemory, "memory ran out while an EXR file was made");
  } catch (const std::exception& failure) {
    throw Error(ErrorCode::kInternal, std::string("OpenEXR could not make a file: ") + failure.what());
  }
}

}  // namespace da3::formats
