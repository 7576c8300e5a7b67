// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cmath>
#include <map>
#include <system_error>

#include <codec/decode.hpp>
#include <codec/file_bytes.hpp>
#include <codec/png.hpp>

#include <da3/error.hpp>

#include <core/read_file.hpp>
#include <suites/dataset.hpp>

namespace da3::suites {
namespace {

using Path = std::filesystem::path;

[[noreturn]] void refuse(const Path& subject, const std::string& what) {
  throw Error(ErrorCode::kUsage, "--dataset: " + subject.string() + " " + what);
}

// Files of a folder by stem, hidden ones left out. `extension`: of these files alone; empty: of all.
std::map<std::string, Path> files_by_stem(const Path& folder, const std::string& extension = "") {
  std::map<std::string, Path> files;
  std::error_code failed;
  std::filesystem::directory_iterator entries(folder, failed);
  if (failed) refuse(folder, "cannot be read: " + failed.message());
  for (const std::filesystem::directory_entry& entry : entries) {
    const Path file = entry.path();
    if (file.filename().string().starts_with('.') || entry.is_directory(failed)) continue;
    if (!extension.empty() && file.extension() != extension) continue;
    const auto [at, is_new] = files.emplace(file.stem().string(), file);
    if (!is_new)
      refuse(file, "has the same stem as " + at->second.filename().string() + "; rename one of them");
  }
  return files;
}

// The one number in a file. None: there is no such file.
std::optional<double> positive_number_in(const Path& file, const std::string& meaning) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  std::string text = core::read_file(file, ErrorCode::kUsage);
  text.erase(0, text.find_first_not_of(" \t\r\n"));
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number) || number <= 0) {
    refuse(file, "holds '" + text.substr(0, 40) + "'; write " + meaning + " and nothing else");
  }
  return number;
}

Path photo_folder(const Path& folder) {
  for (const char* name : {"colour", "color"}) {
    std::error_code ignored;
    if (std::filesystem::is_directory(folder / name, ignored)) return folder / name;
  }
  refuse(folder, "has no folder colour/ with the photos");
}

}  // namespace

Dataset open_dataset(const Path& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) refuse(folder, "is no folder");
  Dataset dataset;
  dataset.folder = folder;
  const std::string units =
      "how many units of the depth pictures make a metre, such as 1000 for millimetres,";
  const Path scale = folder / "scale.txt";
  const std::optional<double> number = positive_number_in(scale, units);
  if (!number) refuse(scale, "is missing; write " + units + " into it");
  dataset.units_per_metre = *number;
  dataset.focal_px =
      positive_number_in(folder / "focal.txt", "the focal length in pixels of the photos, such as 525,");
  const Path photos = photo_folder(folder);
  const Path depths = folder / "depth";
  if (!std::filesystem::is_directory(depths, ignored)) refuse(folder, "has no folder depth/");
  std::map<std::string, Path> measured = files_by_stem(depths, ".png");
  for (const auto& [stem, photo] : files_by_stem(photos)) {
    const auto depth = measured.find(stem);
    if (depth == measured.end())
      refuse(photo, "has no depth; " + (depths / (stem + ".png")).string() + " is missing");
    dataset.photos.push_back({photo, depth->second});
    measured.erase(depth);
  }
  if (!measured.empty()) refuse(measured.begin()->second, "has no photo of its stem in " + photos.string());
  if (dataset.photos.empty()) refuse(photos, "has no photo");
  return dataset;
}

DepthMap read_measured_depth(const Dataset& dataset, const MeasuredPhoto& photo) {
  const std::vector<std::uint8_t> file = codec::read_file(photo.depth);
  const codec::Grey16 codes =
      codec::decode_grey16_png({file, photo.depth.string(), codec::DecodeOptions{}.max_pixels});
  DepthMap depth{codes.size, std::vector<float>(codes.values.size())};
  for (std::size_t i = 0; i < codes.values.size(); ++i) {
    depth.values[i] = static_cast<float>(codes.values[i] / dataset.units_per_metre);
  }
  return depth;
}

}  // namespace da3::suites
