// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include <da3/image.hpp>

namespace da3::testing {

/// A PPM file of one colour, whose number is R + 256 G + 65536 B: FakeModel gives every pixel of it the depth
/// `depth_of(colour)`.
inline std::string ppm(Size size, std::uint32_t colour) {
  std::string text = "P6\n" + std::to_string(size.width) + " " + std::to_string(size.height) + "\n255\n";
  for (std::size_t i = 0; i < size.area(); ++i) {
    for (const int shift : {0, 8, 16}) text += static_cast<char>((colour >> shift) & 0xFF);
  }
  return text;
}

/// A lossless WebP file of one colour that is a few dozen bytes long whatever its size: up to 16384 a side.
inline std::string webp_of_one_colour(Size size) {
  std::vector<std::uint8_t> stream;
  std::size_t bits = 0;
  const auto put = [&](std::uint32_t value, int count) {
    for (int i = 0; i < count; ++i, ++bits) {
      if (bits % 8 == 0) stream.push_back(0);
      stream.back() = static_cast<std::uint8_t>(stream.back() | ((value >> i & 1U) << bits % 8));
    }
  };
  put(0x2F, 8);
  put(static_cast<std::uint32_t>(size.width - 1), 14);
  put(static_cast<std::uint32_t>(size.height - 1), 14);
  put(0, 4);                                            // No alpha, version 0
  put(0, 3);                                            // No transform, no colour cache, one set of codes
  for (int code = 0; code < 5; ++code) put(0b0001, 4);  // A code of one symbol, 0, which takes no bits
  if (stream.size() % 2 == 1) stream.push_back(0);
  std::string file = "RIFF????WEBPVP8L????";
  const auto put_size = [&](std::size_t at, std::size_t value) {
    for (std::size_t i = 0; i < 4; ++i) file[at + i] = static_cast<char>(value >> (8 * i));
  };
  put_size(4, 12 + stream.size());
  put_size(16, stream.size());
  return file.append(stream.begin(), stream.end());
}

inline float depth_of(std::uint32_t colour) {
  return 1.0F + static_cast<float>(colour) / 1000.0F;
}

/// The values of a float32 npy file.
inline std::vector<float> read_npy(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  // "\x93NUMPY", version, then two bytes of header length.
  if (bytes.size() < 10) throw std::runtime_error(file.string() + ": no npy file");
  const std::size_t begin =
      10 + static_cast<unsigned char>(bytes[8]) + 256 * static_cast<unsigned char>(bytes[9]);
  std::vector<float> values((bytes.size() - begin) / sizeof(float));
  std::memcpy(values.data(), bytes.data() + begin, values.size() * sizeof(float));
  return values;
}

}  // namespace da3::testing
