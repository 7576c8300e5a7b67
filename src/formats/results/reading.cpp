// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cstring>
#include <sstream>

#include <formats/results/reading.hpp>

#include <da3/error.hpp>

namespace da3::formats {

void refuse_file(const std::string& name, const std::string& what) {
  throw Error(ErrorCode::kImageCorrupt, name + ": no result of da3 that can be read (" + what +
                                            "); remove it, and the same da3 infer makes it again");
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

NpyView npy_of(FileBytes bytes, const std::string& name) {
  try {
    return parse_npy(bytes);
  } catch (const UnreadableNpy& error) {
    refuse_file(name, error.what());
  }
}

DepthMap map_of_npy(FileBytes bytes, const std::string& name) {
  const NpyView npy = npy_of(bytes, name);
  if (npy.type != "<f4") refuse_file(name, "its values are not float32");
  if (npy.shape.size() != 2) refuse_file(name, "not of two dimensions");
  const Size size = checked_size(name, static_cast<long long>(npy.shape[0]),
                                 static_cast<long long>(npy.shape[1]), npy.data.size(), sizeof(float));
  return floats_of(npy.data, size);
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
