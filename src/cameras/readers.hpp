// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <cameras/given_cameras.hpp>

// One reader a format, each from bytes in memory. What is wrong with them is an Error kSceneCameras without
// the file's name, which read_cameras puts before it.
namespace da3::cameras {

using Bytes = std::span<const std::uint8_t>;

[[noreturn]] void refuse(const std::string& what);

/// Throws: Error kSceneCameras unless the last row of a (4, 4) matrix is 0 0 0 1.
void require_last_row(const std::array<double, 4>& row);

/// A camera's size as its file has it; none for one that no picture has.
std::optional<Size> possible_size(double height, double width);
/// The same. Throws: Error kSceneCameras for one that no picture has.
Size size_of(double height, double width);

/// cameras.json or transforms.json, told apart by their members.
GivenCameras read_json(Bytes text);

/// The part of a GivenCamera that a camera of COLMAP has.
struct ColmapLens {
  std::uint32_t id = 0;
  Size size;
  std::array<double, 9> intrinsics{};
  std::string distortion;  ///< As GivenCamera
};
/// cameras.txt, in the order of its lines.
std::vector<ColmapLens> read_colmap_lenses(Bytes cameras);
std::vector<GivenCamera> read_colmap_binary(Bytes cameras, Bytes images);
std::vector<GivenCamera> read_colmap_text(Bytes cameras, Bytes images);
std::vector<GivenCamera> read_npz(Bytes archive);

/// (3, 4) camera_from_world of a (4, 4) or (3, 4) world_from_camera, row-major. The left part is inverted,
/// not transposed: of rounded text it is no rotation to the last digit, and the centre has to stay where it
/// is.
std::array<double, 12> inverted(const std::array<double, 12>& world_from_camera);

}  // namespace da3::cameras
