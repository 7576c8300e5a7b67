// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include <formats/byte_writer.hpp>
#include <formats/ply.hpp>
#include <formats/scene/scene_files.hpp>
#include <formats/scene/viewer.hpp>

#include <da3/version.hpp>

namespace da3::formats {
namespace {

std::vector<std::string> comments_of(const std::string& comment) {
  return {"da3 " + std::string(version()), comment};
}

void append(std::vector<PlyProperty>& to, std::vector<PlyProperty> more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

template <typename Coordinate>
Bytes points_ply(const scene::Scene& scene, const char* type, bool confidence) {
  const std::vector<scene::Point>& points = scene.cloud.points;
  std::vector<PlyProperty> properties = ply_properties(type, {"x", "y", "z"});
  append(properties, ply_properties("uchar", {"red", "green", "blue"}));
  if (confidence) append(properties, ply_properties("float", {"confidence"}));
  const std::string header =
      ply_header(comments_of("unit " + std::string(to_string(scene.unit))), points.size(), properties);
  ByteWriter file(header.size() + points.size() * (3 * sizeof(Coordinate) + 3 + sizeof(float)));
  file.put_text(header);
  for (const scene::Point& point : points) {
    for (const double value : point.position) file.put(static_cast<Coordinate>(value));
    file.put_all(point.rgb);
    if (confidence) file.put(point.confidence);
  }
  return file.take();
}

/// One row of the 3DGS layout: the harmonics above degree 0 go colour by colour.
void put_row(std::vector<float>& row, const scene::Gaussian& gaussian, std::size_t bands) {
  constexpr std::size_t kStored = 9;  // Bands of a colour in Gaussian::harmonics
  const float* harmonics = gaussian.harmonics.data();
  row.assign(gaussian.mean.begin(), gaussian.mean.end());
  row.insert(row.end(), 3, 0.0F);  // Normals, which nothing reads
  for (std::size_t c = 0; c < 3; ++c) row.push_back(harmonics[c * kStored]);
  for (std::size_t c = 0; c < 3; ++c)
    row.insert(row.end(), harmonics + c * kStored + 1, harmonics + c * kStored + bands);
  row.push_back(std::log(gaussian.opacity / (1 - gaussian.opacity)));
  for (const float scale : gaussian.scale) row.push_back(std::log(scale));
  row.insert(row.end(), gaussian.rotation.begin(), gaussian.rotation.end());
}

}  // namespace

Bytes encode_points_ply(const scene::Scene& scene, bool confidence) {
  const bool large = viewer_of(scene).origin != std::array<double, 3>{};
  const bool with_confidence = confidence && scene.cloud.threshold.has_value();
  return large ? points_ply<double>(scene, "double", with_confidence)
               : points_ply<float>(scene, "float", with_confidence);
}

GaussiansPly encode_gaussians_ply(std::span<const scene::Gaussian> gaussians, int degree) {
  const std::size_t bands = static_cast<std::size_t>(degree + 1) * static_cast<std::size_t>(degree + 1);
  const std::size_t rest = 3 * (bands - 1);
  std::vector<PlyProperty> properties =
      ply_properties("float", {"x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"});
  for (std::size_t i = 0; i < rest; ++i) properties.push_back({"float", "f_rest_" + std::to_string(i)});
  append(properties, ply_properties("float", {"opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1",
                                              "rot_2", "rot_3"}));

  GaussiansPly ply;
  ByteWriter rows(gaussians.size() * (17 + rest) * sizeof(float));
  std::vector<float> row;
  for (const scene::Gaussian& gaussian : gaussians) {
    put_row(row, gaussian, bands);
    // The logarithm of an opacity of 0 or 1 is infinite; such a row would be read back as no Gaussian either.
    if (std::all_of(row.begin(), row.end(), [](float value) { return std::isfinite(value); })) {
      rows.put_all(row);
    } else {
      ++ply.dropped;
    }
  }
  const Bytes data = rows.take();
  const std::string header =
      ply_header(comments_of("spherical harmonics of degree " + std::to_string(degree)),
                 gaussians.size() - ply.dropped, properties);
  ply.bytes.reserve(header.size() + data.size());
  ply.bytes.assign(header.begin(), header.end());
  ply.bytes.insert(ply.bytes.end(), data.begin(), data.end());
  return ply;
}

}  // namespace da3::formats
