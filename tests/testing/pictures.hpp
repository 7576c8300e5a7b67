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
