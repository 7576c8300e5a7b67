// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <da3/image.hpp>

namespace da3::formats {

inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Odd sides, so that rows are not aligned; every value different.
inline DepthMap slope(int height = 13, int width = 7, float low = 0.5F, float step = 0.03125F) {
  DepthMap map{{height, width}, {}};
  for (std::size_t i = 0; i < map.size.area(); ++i) map.values.push_back(low + step * static_cast<float>(i));
  return map;
}

inline DepthMap random_map(int height, int width, unsigned seed, float low = 0.1F, float high = 80.0F) {
  std::mt19937 generator(seed);
  DepthMap map{{height, width}, {}};
  for (std::size_t i = 0; i < map.size.area(); ++i) {
    map.values.push_back(low + (high - low) * static_cast<float>(generator()) / 4294967296.0F);
  }
  return map;
}

/// Values that formats for floats must keep bit for bit.
inline DepthMap odd_values() {
  return {{2, 4},
          {0.0F, -0.0F, kInfinity, -kInfinity, kNan, 1e-42F, std::numeric_limits<float>::max(), -1.25F}};
}

/// True if both hold the same bits, NaN included.
inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

inline void write_bytes(const std::filesystem::path& file, const std::vector<std::uint8_t>& bytes) {
  std::ofstream stream(file, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!stream.flush()) throw std::runtime_error("cannot write " + file.string());
}

inline std::string read_text(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline std::vector<std::uint8_t> bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

}  // namespace da3::formats
