// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <utility>

#include <formats/byte_writer.hpp>
#include <formats/ply.hpp>

#include <da3/error.hpp>

namespace da3::formats {
std::string ply_header(std::span<const std::string> comments, std::size_t count,
                       std::span<const PlyProperty> properties) {
  std::string header = "ply\nformat binary_little_endian 1.0\n";
  for (const std::string& comment : comments) header += "comment " + comment + "\n";
  header += "element vertex " + std::to_string(count) + "\n";
  for (const PlyProperty& property : properties) {
    header.append("property ").append(property.type).append(" ").append(property.name).append("\n");
  }
  return header + "end_header\n";
}

std::vector<PlyProperty> ply_properties(std::string_view type,
                                        std::initializer_list<std::string_view> names) {
  std::vector<PlyProperty> properties;
  for (const std::string_view name : names) properties.push_back({type, std::string(name)});
  return properties;
}

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
  std::vector<PlyProperty> properties = ply_properties("float", {"x", "y", "z"});
  if (coloured) {
    for (PlyProperty& each : ply_properties("uchar", {"red", "green", "blue"}))
      properties.push_back(std::move(each));
  }
  const std::string header = ply_header(comments, count, properties);
  ByteWriter file(header.size() + count * (12 + (coloured ? 3U : 0U)));
  file.put_text(header);
  for (std::size_t i = 0; i < count; ++i) {
    file.put_all(std::span(cloud.positions).subspan(3 * i, 3));
    if (coloured) file.put_all(std::span(cloud.colours).subspan(3 * i, 3));
  }
  return file.take();
}

}  // namespace da3::formats
