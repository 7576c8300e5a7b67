// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <system_error>
#include <utility>

#include <cameras/readers.hpp>

#include <da3/error.hpp>

#include <core/read_file.hpp>

namespace da3::cameras {
namespace {

namespace fs = std::filesystem;

std::vector<std::uint8_t> bytes_of(const fs::path& file) {
  std::error_code error;
  if (fs::exists(file, error) && !fs::is_regular_file(file, error)) {
    throw Error(
        ErrorCode::kUsage,
        file.filename().string() + ": only regular files are read, no devices or pipes; save it to a file");
  }
  const std::string text = core::read_file(file, ErrorCode::kSceneCameras);
  return {text.begin(), text.end()};
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
  const bool is_binary = fs::exists(*folder / "cameras.bin", error);
  const char* const end = is_binary ? ".bin" : ".txt";
  for (const char* name : {"cameras", "images"}) given.files.push_back(*folder / (std::string(name) + end));
  const auto read = is_binary ? &read_colmap_binary : &read_colmap_text;
  given.cameras = read(bytes_of(given.files[0]), bytes_of(given.files[1]));
  return given;
}

GivenCameras read_any(const fs::path& path) {
  if (fs::is_directory(path)) return read_colmap(path);
  const std::vector<std::uint8_t> bytes = bytes_of(path);
  if (bytes.size() > 1 && bytes[0] == 'P' && bytes[1] == 'K') return {{}, {}, "given", read_npz(bytes), {}};
  return read_json(bytes);
}

}  // namespace

void refuse(const std::string& what) {
  throw Error(ErrorCode::kSceneCameras, what);
}

void require_last_row(const std::array<double, 4>& row) {
  if (row != std::array<double, 4>{0, 0, 0, 1})
    refuse("a (4, 4) matrix whose last row is not 0 0 0 1; is it transposed (its translation below)?");
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

GivenCameras read_cameras(const fs::path& path, Distortion distortion) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    throw Error(ErrorCode::kUsage, "--cameras " + path.string() + ": no such file or folder; check the path");
  }
  try {
    GivenCameras given = read_any(path);
    given.source = path;
    if (given.files.empty()) given.files = {path};
    given.folder = fs::is_directory(path, error) ? path : path.parent_path();
    return sound(std::move(given), distortion);
  } catch (const Error& failure) {
    throw Error(failure.code(), "--cameras " + path.string() + ": " + failure.what());
  }
}

}  // namespace da3::cameras
