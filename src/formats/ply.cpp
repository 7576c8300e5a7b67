// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cmath>
#include <cstring>

#include <formats/ply.hpp>

#include <da3/error.hpp>

namespace da3::formats {
namespace {

void put_float(std::uint8_t* to, float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  for (unsigned k = 0; k < 4; ++k) to[k] = static_cast<std::uint8_t>(bits >> (8 * k));
}

}  // namespace

PointCloud points_of(const OutputSet& set) {
  if (!set.camera) throw Error(ErrorCode::kInternal, "ply: points need a camera");
  const image::Intrinsics& camera = *set.camera;
  const bool coloured = set.photo && set.photo->size == set.depth.size;
  PointCloud cloud;
  cloud.positions.reserve(set.depth.size.area() * 3);
  if (coloured) cloud.colours.reserve(set.depth.size.area() * 3);
  std::size_t i = 0;
  for (int row = 0; row < set.depth.size.height; ++row) {
    const double y = (row + 0.5 - camera.cy) / camera.fy;
    for (int column = 0; column < set.depth.size.width; ++column, ++i) {
      const float z = set.depth.values[i];
      if (!std::isfinite(z) || !(z > 0)) continue;
      const double x = (column + 0.5 - camera.cx) / camera.fx;
      cloud.positions.insert(cloud.positions.end(),
                             {static_cast<float>(x * z), static_cast<float>(y * z), z});
      if (!coloured) continue;
      const auto colour = set.photo->rgb.begin() + static_cast<std::ptrdiff_t>(3 * i);
      cloud.colours.insert(cloud.colours.end(), colour, colour + 3);
    }
  }
  return cloud;
}

std::vector<std::uint8_t> encode_ply(const PointCloud& cloud, const std::vector<std::string>& comments) {
  const std::size_t count = cloud.positions.size() / 3;
  const bool coloured = !cloud.colours.empty();
  if (cloud.positions.size() % 3 != 0 || (coloured && cloud.colours.size() != count * 3)) {
    throw Error(ErrorCode::kInternal, "ply: positions and colours are not of one number of points");
  }
  std::string header = "ply\nformat binary_little_endian 1.0\n";
  for (const std::string& comment : comments) header += "comment " + comment + "\n";
  header +=
      "element vertex " + std::to_string(count) + "\nproperty float x\nproperty float y\nproperty float z\n";
  if (coloured) header += "property uchar red\nproperty uchar green\nproperty uchar blue\n";
  header += "end_header\n";
  const std::size_t stride = 12 + (coloured ? 3U : 0U);
  std::vector<std::uint8_t> bytes(header.size() + count * stride);
  std::memcpy(bytes.data(), header.data(), header.size());
  std::uint8_t* to = bytes.data() + header.size();
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < 3; ++k) put_float(to + 4 * k, cloud.positions[3 * i + k]);
    if (coloured) std::memcpy(to + 12, &cloud.colours[3 * i], 3);
    to += stride;
  }
  return bytes;
}

}  // namespace da3::formats
