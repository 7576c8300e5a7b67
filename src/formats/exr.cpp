// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <exception>
#include <new>

#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfOutputFile.h>
#include <ImfStringAttribute.h>
#include <formats/float_formats.hpp>

#include <da3/error.hpp>

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

Imf::Slice float_slice(const DepthMap& map) {
  // OpenEXR takes a writable base for reading and writing alike; an output file only reads it.
  char* base = reinterpret_cast<char*>(const_cast<float*>(map.values.data()));
  return Imf::Slice(Imf::FLOAT, base, sizeof(float),
                    sizeof(float) * static_cast<std::size_t>(map.size.width));
}

}  // namespace

std::vector<std::uint8_t> encode_exr(const NamedMaps& channels, const std::string& kind,
                                     const std::string& unit) {
  if (channels.empty()) throw Error(ErrorCode::kInternal, "exr: no channels");
  const Size size = channels.front().second->size;
  try {
    Imf::Header header(size.width, size.height);
    header.compression() = Imf::NO_COMPRESSION;  // docs/output-formats.md, Measurements
    if (!kind.empty()) header.insert("da3Kind", Imf::StringAttribute(kind));
    if (!unit.empty()) header.insert("da3Unit", Imf::StringAttribute(unit));
    Imf::FrameBuffer frame;
    for (const auto& [name, map] : channels) {
      if (map->size != size || map->values.size() != size.area()) {
        throw Error(ErrorCode::kInternal, "exr: channel " + name + " has another size than the first");
      }
      header.channels().insert(name, Imf::Channel(Imf::FLOAT));
      frame.insert(name, float_slice(*map));
    }
    MemoryStream stream(size.area() * sizeof(float) * channels.size());
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
