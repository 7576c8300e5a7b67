// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <system_error>

#include <cameras/readers.hpp>

#include <da3/error.hpp>

namespace da3::cameras {
namespace {

namespace fs = std::filesystem;

std::vector<std::uint8_t> bytes_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream.is_open() || stream.bad()) {
    throw Error(ErrorCode::kSceneCameras,
                file.filename().string() + ": cannot be read; check the right to read it");
  }
  return bytes;
}

/// The folder of the model itself: `path`, or where datasets keep it.
std::optional<fs::path> colmap_folder(const fs::path& path) {
  for (const fs::path& folder : {path, path / "sparse" / "0", path / "sparse", path / "0"}) {
    for (const char* name : {"cameras.bin", "cameras.txt"}) {
      std::error_code error;
      if (fs::exists(folder / name, error)) return folder;
    }
  }
  return std::nullopt;
}

GivenCameras read_colmap(const fs::path& path) {
  const std::optional<fs::path> folder = colmap_folder(path);
  if (!folder) refuse("no COLMAP model is in it (cameras.bin, images.bin or cameras.txt, images.txt)");
  GivenCameras given;
  std::error_code error;
  if (fs::exists(*folder / "cameras.bin", error)) {
    given.cameras = read_colmap_binary(bytes_of(*folder / "cameras.bin"), bytes_of(*folder / "images.bin"));
  } else {
    given.cameras = read_colmap_text(bytes_of(*folder / "cameras.txt"), bytes_of(*folder / "images.txt"));
  }
  return given;
}

GivenCameras read_any(const fs::path& path) {
  if (fs::is_directory(path)) return read_colmap(path);
  const std::vector<std::uint8_t> bytes = bytes_of(path);
  if (bytes.size() > 1 && bytes[0] == 'P' && bytes[1] == 'K') return {{}, {}, "given", read_npz(bytes)};
  return read_json(bytes);
}

/// None if sound; else what is wrong with the camera.
std::optional<std::string> fault_of(const GivenCamera& camera) {
  const auto& e = camera.camera_from_world;
  const auto& k = camera.intrinsics;
  const auto finite = [](double value) { return std::isfinite(value); };
  if (!std::all_of(e.begin(), e.end(), finite) || !std::all_of(k.begin(), k.end(), finite)) {
    return "has a value that is not a finite number";
  }
  if (!(k[0] > 0) || !(k[4] > 0)) return "has a focal length that is not above 0";
  if (k[3] != 0 || k[6] != 0 || k[7] != 0 || k[8] != 1)
    return "has intrinsics that are no [fx s cx; 0 fy cy; 0 0 1]";
  constexpr double kTolerance = 1e-3;  // Text files with three digits are still rotations
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = i; j < 3; ++j) {
      const double product = e[4 * i] * e[4 * j] + e[4 * i + 1] * e[4 * j + 1] + e[4 * i + 2] * e[4 * j + 2];
      if (std::abs(product - (i == j ? 1 : 0)) > kTolerance) {
        return "has extrinsics whose left 3x3 part is no rotation (rows not of length 1 or not "
               "perpendicular)";
      }
    }
  }
  const double determinant = e[0] * (e[5] * e[10] - e[6] * e[9]) - e[1] * (e[4] * e[10] - e[6] * e[8]) +
                             e[2] * (e[4] * e[9] - e[5] * e[8]);
  if (determinant < 0) return "has extrinsics that mirror (determinant -1)";
  return std::nullopt;
}

void require_sound(const GivenCameras& given, Distortion distortion) {
  if (given.cameras.empty()) refuse("has no cameras");
  for (std::size_t i = 0; i < given.cameras.size(); ++i) {
    const GivenCamera& camera = given.cameras[i];
    const std::string name =
        "camera " + std::to_string(i) + (camera.photo.empty() ? "" : " (" + camera.photo + ")");
    if (const auto fault = fault_of(camera)) refuse(name + " " + *fault);
    if (!camera.distortion.empty() && distortion == Distortion::kRefuse) {
      throw Error(ErrorCode::kUsage,
                  name + " has lens distortion (" + camera.distortion +
                      "), which the network does not know; undistort the photos, for example by `colmap "
                      "image_undistorter`, or give --ignore-distortion");
    }
  }
}

}  // namespace

void refuse(const std::string& what) {
  throw Error(ErrorCode::kSceneCameras, what);
}

std::optional<Size> possible_size(double height, double width) {
  constexpr double kLargest = 1U << 24U;
  if (!(height >= 1 && width >= 1 && height <= kLargest && width <= kLargest)) return std::nullopt;
  return Size{static_cast<int>(height), static_cast<int>(width)};
}

Size size_of(double height, double width) {
  const auto size = possible_size(height, width);
  if (!size) refuse("a camera with an impossible size");
  return *size;
}

std::array<double, 12> inverted(const std::array<double, 12>& pose) {
  std::array<double, 12> inverse{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      inverse[4 * i + k] = pose[4 * k + i];
      inverse[4 * i + 3] -= pose[4 * k + i] * pose[4 * k + 3];
    }
  }
  return inverse;
}

GivenCameras read_cameras(const fs::path& path, Distortion distortion) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    throw Error(ErrorCode::kUsage, "--cameras " + path.string() + ": no such file or folder; check the path");
  }
  try {
    GivenCameras given = read_any(path);
    given.source = path;
    given.folder = fs::is_directory(path, error) ? path : path.parent_path();
    require_sound(given, distortion);
    return given;
  } catch (const Error& failure) {
    throw Error(failure.code(), "--cameras " + path.string() + ": " + failure.what());
  }
}

}  // namespace da3::cameras
