// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include <codec/png.hpp>
#include <formats/results/encoding.hpp>
#include <formats/results/reading.hpp>

namespace da3::formats {
namespace {

/// The tEXt chunk of that key; empty without one.
std::string png_text(FileBytes bytes, std::string_view key) {
  constexpr std::size_t kSignature = 8;
  constexpr std::size_t kAround = 12;  // Length, type, checksum
  for (std::size_t at = kSignature; at + kAround <= bytes.size();) {
    std::size_t length = 0;
    for (std::size_t k = 0; k < 4; ++k) length = length << 8U | bytes[at + k];
    if (length > bytes.size() - at - kAround) break;
    const std::string_view type(reinterpret_cast<const char*>(bytes.data()) + at + 4, 4);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + at + 8, length);
    if (type == "tEXt" && text.size() > key.size() && text.starts_with(key) && text[key.size()] == '\0') {
      return std::string(text.substr(key.size() + 1));
    }
    if (type == "IDAT" && key.empty()) break;
    at += kAround + length;
  }
  return {};
}

}  // namespace

std::vector<std::uint8_t> encode_png16_file(Encoding& encoding) {
  EncodedPng16 file = encode_png16(encoding.set.depth, encoding.set.kind,
                                   encoding.set.range ? encoding.set.range : encoding.set.extent);
  encoding.png16 = file.scale;
  return std::move(file.bytes);
}

std::uint64_t need_png16(std::uint64_t pixels, std::uint64_t /*maps*/, const EncodeOptions& /*options*/) {
  return png_need(pixels, 2);
}

OutputSet read_png16(FileBytes bytes, const std::string& name) {
  const auto number = [&](const char* key) {
    const std::string text = png_text(bytes, key);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || text.empty()) refuse_file(name, std::string("it has no text chunk ") + key);
    return value;
  };
  const double scale = number("da3:scale");
  const double offset = number("da3:offset");
  const codec::Grey16 grey = codec::decode_grey16_png({bytes, name, std::uint64_t{1} << 40});
  OutputSet set;
  set.depth = {grey.size, std::vector<float>(grey.size.area())};
  std::transform(grey.values.begin(), grey.values.end(), set.depth.values.begin(), [&](std::uint16_t code) {
    return code == 0 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(scale * code + offset);
  });
  take_facts(set, png_text(bytes, "da3:kind"), png_text(bytes, "da3:unit"));
  return set;
}

}  // namespace da3::formats
