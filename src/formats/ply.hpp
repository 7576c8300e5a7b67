// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <formats/output_set.hpp>

namespace da3::formats {

/// A property of the vertices, in the order of their bytes.
struct PlyProperty {
  std::string_view type;  ///< float, double or uchar
  std::string name;
};

/// The header of a binary little-endian PLY file of `count` vertices, up to their bytes.
std::string ply_header(std::span<const std::string> comments, std::size_t count,
                       std::span<const PlyProperty> properties);

/// Properties of one type.
std::vector<PlyProperty> ply_properties(std::string_view type, std::initializer_list<std::string_view> names);

/// Points with colours.
struct PointCloud {
  std::vector<float> positions;       ///< (N, 3): x, y, z
  std::vector<std::uint8_t> colours;  ///< (N, 3) RGB, or empty
};

/// The points of a depth map in the camera's frame (x right, y down, z ahead), row by row, without pixels
/// that have no value: not finite, or not above 0. Coloured by `photo` where it is of the map's size. Throws:
/// Error kInternal without a camera.
PointCloud points_of(const OutputSet& set);

/// A binary little-endian PLY file: vertices with float x, y, z and, where there are colours, uchar red,
/// green, blue. `comments` become comment lines. Throws: Error kInternal for arrays of wrong lengths.
std::vector<std::uint8_t> encode_ply(const PointCloud& cloud, const std::vector<std::string>& comments = {});

}  // namespace da3::formats
