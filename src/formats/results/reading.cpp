// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <charconv>
#include <cstring>
#include <sstream>

#include <formats/results/reading.hpp>

#include <da3/error.hpp>

namespace da3::formats {

void refuse_file(const std::string& name, const std::string& what) {
  throw Error(ErrorCode::kImageCorrupt,
              name + ": no result of da3 that can be read (" + what + "); make it again with da3 infer");
}

Size checked_size(const std::string& name, long long height, long long width, std::uint64_t bytes,
                  std::size_t pixel_bytes) {
  constexpr long long kMost = 1 << 24;
  if (height < 1 || width < 1 || height > kMost || width > kMost)
    refuse_file(name, "its size makes no sense");
  const Size size{static_cast<int>(height), static_cast<int>(width)};
  if (pixel_bytes > 0 && bytes / pixel_bytes < size.area())
    refuse_file(name, "it ends before its last value");
  return size;
}

DepthMap floats_of(FileBytes data, Size size, bool big_endian) {
  DepthMap map{size, std::vector<float>(size.area())};
  std::memcpy(map.values.data(), data.data(), size.area() * sizeof(float));
  if (big_endian != (std::endian::native == std::endian::big)) {
    for (float& value : map.values) {
      auto bits = std::bit_cast<std::uint32_t>(value);
      bits = (bits >> 24U) | ((bits >> 8U) & 0xFF00U) | ((bits << 8U) & 0xFF0000U) | (bits << 24U);
      value = std::bit_cast<float>(bits);
    }
  }
  return map;
}

Npy parse_npy(FileBytes bytes, const std::string& name) {
  constexpr std::size_t kPreamble = 10;
  if (bytes.size() < kPreamble || std::memcmp(bytes.data(), "\x93NUMPY\x01", 7) != 0)
    refuse_file(name, "not an npy array of version 1");
  const std::size_t length = bytes[8] | static_cast<std::size_t>(bytes[9]) << 8U;
  if (bytes.size() < kPreamble + length) refuse_file(name, "it ends within its header");
  Npy npy;
  npy.header.assign(reinterpret_cast<const char*>(bytes.data()) + kPreamble, length);
  npy.data = bytes.subspan(kPreamble + length);
  const std::size_t open = npy.header.find('(');
  if (npy.header.find("'fortran_order': False") == std::string::npos || open == std::string::npos)
    refuse_file(name, "not in C order");
  const char* at = npy.header.data() + open + 1;
  const char* end = npy.header.data() + npy.header.size();
  for (long long& side : npy.shape) {
    while (at != end && (*at == ' ' || *at == ',')) ++at;
    const auto [next, error] = std::from_chars(at, end, side);
    if (error != std::errc()) refuse_file(name, "not of two dimensions");
    at = next;
  }
  return npy;
}

DepthMap map_of_npy(FileBytes bytes, const std::string& name) {
  const Npy npy = parse_npy(bytes, name);
  if (npy.header.find("'<f4'") == std::string::npos) refuse_file(name, "its values are not float32");
  return floats_of(npy.data, checked_size(name, npy.shape[0], npy.shape[1], npy.data.size(), sizeof(float)));
}

std::optional<image::Intrinsics> camera_of_text(const std::string& text) {
  std::istringstream fields(text);
  image::Intrinsics camera;
  if (!(fields >> camera.fx >> camera.fy >> camera.cx >> camera.cy)) return std::nullopt;
  return camera;
}

void take_facts(OutputSet& set, const std::string& kind, const std::string& unit) {
  for (const DepthKind each :
       {DepthKind::kRelative, DepthKind::kMetric, DepthKind::kCanonical, DepthKind::kInverse}) {
    if (kind == da3::to_string(each)) set.kind = each;
  }
  if (unit == "m") set.unit = unit;
}

}  // namespace da3::formats
