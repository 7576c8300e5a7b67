// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfInputFile.h>
#include <ImfStringAttribute.h>
#include <formats/results/encoding.hpp>
#include <formats/results/reading.hpp>

#include <da3/error.hpp>

namespace da3::formats {
namespace {

/// OpenEXR's input from memory.
class MemoryInput final : public Imf::IStream {
 public:
  MemoryInput(FileBytes bytes, const std::string& name) : Imf::IStream(name.c_str()), bytes_(bytes) {}
  bool read(char to[], int count) override {
    const auto wanted = static_cast<std::size_t>(count);
    if (position_ > bytes_.size() || bytes_.size() - position_ < wanted)
      throw std::runtime_error("the file ends too early");
    std::memcpy(to, bytes_.data() + position_, wanted);
    position_ += wanted;
    return position_ < bytes_.size();
  }
  std::uint64_t tellg() override { return position_; }
  void seekg(std::uint64_t position) override { position_ = position; }

 private:
  FileBytes bytes_;
  std::uint64_t position_ = 0;
};

std::string exr_text(const Imf::Header& header, const char* key) {
  const auto* text = header.findTypedAttribute<Imf::StringAttribute>(key);
  return text == nullptr ? std::string() : text->value();
}

std::vector<std::uint8_t> encode(const Encoding& encoding, bool half, ExrCompression usual) {
  const OutputSet& set = encoding.set;
  return encode_exr(named_maps(set, "Z"),
                    {{"da3Kind", std::string(da3::to_string(set.kind))},
                     {"da3Unit", set.unit.value_or("")},
                     {"da3Intrinsics", camera_text(set, " ")}},
                    {half, encoding.options.exr_compression.value_or(usual), encoding.options.exr_channels});
}

}  // namespace

std::vector<std::uint8_t> encode_exr_file(Encoding& encoding) {
  return encode(encoding, /*half=*/false, ExrCompression::kNone);
}

std::vector<std::uint8_t> encode_exr16_file(Encoding& encoding) {
  return encode(encoding, /*half=*/true, ExrCompression::kZip);
}

std::uint64_t need_exr(std::uint64_t pixels, std::uint64_t maps, const EncodeOptions& options) {
  // Depth under several names, as encode_exr writes it; the file, and next to it the maps as half floats.
  const std::uint64_t of_depth = options.exr_channels == ExrChannels::kZ   ? 1
                                 : options.exr_channels == ExrChannels::kY ? 3
                                                                           : 4;
  return (maps - 1 + of_depth + maps) * sizeof(float) * pixels;
}

OutputSet read_exr(FileBytes bytes, const std::string& name) {
  try {
    MemoryInput stream(bytes, name);
    Imf::InputFile file(stream, /*numThreads=*/0);
    const Imath::Box2i window = file.header().dataWindow();
    const Size size = checked_size(name, window.max.y - window.min.y + 1LL, window.max.x - window.min.x + 1LL,
                                   bytes.size() * kMostUnpacked, sizeof(std::uint16_t));
    OutputSet set;
    Imf::FrameBuffer frame;
    const auto add = [&](const char* channel, DepthMap& map) {
      map = {size, std::vector<float>(size.area())};
      frame.insert(channel, Imf::Slice::Make(Imf::FLOAT, map.values.data(), window, sizeof(float),
                                             sizeof(float) * static_cast<std::size_t>(size.width)));
    };
    const Imf::ChannelList& channels = file.header().channels();
    if (channels.findChannel("Z") == nullptr) refuse_file(name, "it has no channel Z");
    add("Z", set.depth);
    if (channels.findChannel("confidence") != nullptr) add("confidence", set.confidence.emplace());
    if (channels.findChannel("sky") != nullptr) add("sky", set.sky.emplace());
    file.setFrameBuffer(frame);
    file.readPixels(window.min.y, window.max.y);
    take_facts(set, exr_text(file.header(), "da3Kind"), exr_text(file.header(), "da3Unit"));
    set.camera = camera_of_text(exr_text(file.header(), "da3Intrinsics"));
    return set;
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    refuse_file(name, error.what());
  }
}

}  // namespace da3::formats
