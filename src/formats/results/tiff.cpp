// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>

#include <codec/tiff_file.hpp>
#include <formats/float_tiff.hpp>
#include <formats/results/encoding.hpp>
#include <formats/results/reading.hpp>

namespace da3::formats {
namespace {

/// What a TIFF file says of its values, as JSON.
std::string tiff_description(const OutputSet& set) {
  std::string text = "{\"da3\":\"depth\",\"kind\":\"" + std::string(da3::to_string(set.kind)) + "\"";
  if (set.unit) text += ",\"unit\":\"" + *set.unit + "\"";
  if (set.camera) text += ",\"intrinsics\":[" + camera_text(set, ",") + "]";
  return text + "}";
}

/// The text or the bracketed list behind "key": in da3's own description.
std::string described(const std::string& text, const std::string& key) {
  const std::size_t at = text.find("\"" + key + "\":");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + key.size() + 4;
  const char close = text[begin - 1] == '[' ? ']' : '"';
  const std::size_t end = text.find(close, begin);
  return end == std::string::npos ? std::string() : text.substr(begin, end - begin);
}

}  // namespace

std::vector<std::uint8_t> encode_tiff_file(Encoding& encoding) {
  return encode_float_tiff(encoding.set.depth, tiff_description(encoding.set));
}

std::uint64_t need_tiff(std::uint64_t pixels, std::uint64_t /*maps*/, const EncodeOptions& /*options*/) {
  return 2 * sizeof(float) * pixels;
}

OutputSet read_tiff(FileBytes bytes, const std::string& name) {
  const codec::TiffFile file(bytes);
  if (file.get() == nullptr) refuse_file(name, file.messages());
  const auto bits = file.tag<std::uint16_t>(TIFFTAG_BITSPERSAMPLE, 0);
  const auto samples = file.tag<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL, 0);
  const auto kind = file.tag<std::uint16_t>(TIFFTAG_SAMPLEFORMAT, 0);
  if (bits != 32 || samples != 1 || kind != SAMPLEFORMAT_IEEEFP || TIFFIsTiled(file.get()) != 0) {
    refuse_file(name, "not a TIFF file of one float32 channel");
  }
  const Size size = checked_size(name, file.tag<std::uint32_t>(TIFFTAG_IMAGELENGTH, 0),
                                 file.tag<std::uint32_t>(TIFFTAG_IMAGEWIDTH, 0), bytes.size() * kMostUnpacked,
                                 sizeof(float));
  OutputSet set;
  set.depth = {size, std::vector<float>(size.area())};
  for (int y = 0; y < size.height; ++y) {
    float* row = set.depth.values.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width);
    if (TIFFReadScanline(file.get(), row, static_cast<std::uint32_t>(y), 0) != 1)
      refuse_file(name, file.messages());
  }
  char* description = nullptr;
  if (TIFFGetField(file.get(), TIFFTAG_IMAGEDESCRIPTION, &description) == 1 && description != nullptr) {
    const std::string text = description;
    take_facts(set, described(text, "kind"), described(text, "unit"));
    std::string camera = described(text, "intrinsics");
    std::replace(camera.begin(), camera.end(), ',', ' ');
    set.camera = camera_of_text(camera);
  }
  return set;
}

}  // namespace da3::formats
