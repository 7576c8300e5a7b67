// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cstring>

#include <formats/float_formats.hpp>

#include <da3/error.hpp>

namespace da3::formats {
namespace {

void append_little_endian(std::vector<std::uint8_t>& bytes, const float* values, std::size_t count) {
  const std::size_t begin = bytes.size();
  bytes.resize(begin + count * sizeof(float));
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(bytes.data() + begin, values, count * sizeof(float));
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      const auto bits = std::bit_cast<std::uint32_t>(values[i]);
      for (std::size_t k = 0; k < 4; ++k)
        bytes[begin + 4 * i + k] = static_cast<std::uint8_t>(bits >> (8 * k));
    }
  }
}

void require_whole(const DepthMap& map, const char* format) {
  if (map.size.height < 1 || map.size.width < 1 || map.values.size() != map.size.area()) {
    throw Error(ErrorCode::kInternal, std::string(format) + ": the map's values do not fill its size");
  }
}

/// The start of an npy file, with room for `data_bytes` behind it (numpy.lib.format): magic, version, length
/// of the header, the header padded with spaces so that data begin at a multiple of 64.
std::vector<std::uint8_t> npy_header(const std::string& type, const std::vector<std::size_t>& shape,
                                     std::size_t data_bytes) {
  std::string sides;
  for (const std::size_t side : shape) sides += (sides.empty() ? "" : ", ") + std::to_string(side);
  if (shape.size() == 1) sides += ",";
  std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + sides + "), }";
  constexpr std::size_t kPreamble = 10;
  constexpr std::size_t kAlignment = 64;
  const std::size_t unpadded = kPreamble + header.size() + 1;
  header.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  header += '\n';
  if (header.size() > 0xFFFFU) throw Error(ErrorCode::kInternal, "npy: an array of too many dimensions");
  std::vector<std::uint8_t> bytes;
  bytes.reserve(kPreamble + header.size() + data_bytes);
  for (const int byte : {0x93, 'N' + 0, 'U' + 0, 'M' + 0, 'P' + 0, 'Y' + 0, 1, 0}) {
    bytes.push_back(static_cast<std::uint8_t>(byte));
  }
  bytes.push_back(static_cast<std::uint8_t>(header.size() & 0xFFU));
  bytes.push_back(static_cast<std::uint8_t>(header.size() >> 8U));
  bytes.insert(bytes.end(), header.begin(), header.end());
  return bytes;
}

}  // namespace

std::vector<std::uint8_t> encode_npy(const NpyArray& array) {
  std::vector<std::uint8_t> bytes = npy_header(array.type, array.shape, array.data.size());
  bytes.insert(bytes.end(), array.data.begin(), array.data.end());
  return bytes;
}

std::vector<std::uint8_t> encode_npy(const DepthMap& map) {
  require_whole(map, "npy");
  std::vector<std::uint8_t> bytes =
      npy_header("<f4", {static_cast<std::size_t>(map.size.height), static_cast<std::size_t>(map.size.width)},
                 map.values.size() * sizeof(float));
  append_little_endian(bytes, map.values.data(), map.values.size());
  return bytes;
}

std::vector<std::uint8_t> encode_pfm(const DepthMap& map) {
  require_whole(map, "pfm");
  const std::string header =
      "Pf\n" + std::to_string(map.size.width) + " " + std::to_string(map.size.height) + "\n-1.0\n";
  std::vector<std::uint8_t> bytes;
  bytes.reserve(header.size() + map.values.size() * sizeof(float));
  bytes.insert(bytes.end(), header.begin(), header.end());
  const auto width = static_cast<std::size_t>(map.size.width);
  for (int y = map.size.height - 1; y >= 0; --y) {
    append_little_endian(bytes, map.values.data() + static_cast<std::size_t>(y) * width, width);
  }
  return bytes;
}

}  // namespace da3::formats
