// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include <cameras/given_cameras.hpp>

#include <da3/error.hpp>

#include <core/text.hpp>

namespace da3::cameras {
namespace {

namespace fs = std::filesystem;

/// Components that `name` and the end of `path` have in common, counted from the file's name.
std::size_t common_end(const fs::path& path, const fs::path& name) {
  const std::vector<fs::path> a(path.begin(), path.end());
  const std::vector<fs::path> b(name.begin(), name.end());
  std::size_t count = 0;
  while (count < std::min(a.size(), b.size()) && a[a.size() - 1 - count] == b[b.size() - 1 - count]) ++count;
  return count;
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

CameraMatches match_by_order(const GivenCameras& given, std::size_t photos) {
  if (given.cameras.size() != photos) {
    throw Error(ErrorCode::kUsage,
                "--cameras " + given.source.string() + ": its " + std::to_string(given.cameras.size()) +
                    " cameras have no names and there are " + std::to_string(photos) +
                    " photos; give as many photos, in the order of the cameras, or add an array `photo`");
  }
  CameraMatches matches;
  for (std::size_t i = 0; i < photos; ++i) matches.camera_of_photo.push_back(i);
  return matches;
}

}  // namespace

CameraMatches match_cameras(const GivenCameras& given, std::span<const fs::path> photos) {
  const auto nameless =
      std::ranges::count_if(given.cameras, [](const GivenCamera& camera) { return camera.photo.empty(); });
  if (nameless == std::ssize(given.cameras)) return match_by_order(given, photos.size());
  if (nameless > 0) {
    throw Error(ErrorCode::kUsage,
                "--cameras " + given.source.string() + ": " + std::to_string(nameless) + " of its " +
                    std::to_string(given.cameras.size()) +
                    " cameras have no name; give all of them the names of their photos, or "
                    "none, for the order of the photos");
  }
  std::unordered_map<std::string, std::vector<std::size_t>> by_file_name;
  for (std::size_t i = 0; i < given.cameras.size(); ++i) {
    by_file_name[fs::path(given.cameras[i].photo).filename().string()].push_back(i);
  }
  CameraMatches matches;
  std::vector<std::string> missing;
  std::vector<std::string> unclear;
  std::unordered_map<std::size_t, std::size_t> photo_of_camera;
  for (std::size_t photo = 0; photo < photos.size(); ++photo) {
    const fs::path path = fs::absolute(photos[photo]).lexically_normal();
    const auto found = by_file_name.find(path.filename().string());
    if (found == by_file_name.end()) {
      missing.push_back(photos[photo].string());
      continue;
    }
    std::size_t best = found->second.front();
    std::size_t longest = 0;
    std::size_t equals = 0;
    for (const std::size_t camera : found->second) {
      const std::size_t length = common_end(path, fs::path(given.cameras[camera].photo).lexically_normal());
      equals = length == longest ? equals + 1 : length > longest ? 1 : equals;
      if (length > longest) {
        longest = length;
        best = camera;
      }
    }
    const auto [taken, fresh] = photo_of_camera.emplace(best, photo);
    if (equals > 1) unclear.push_back(photos[photo].string());
    if (!fresh) unclear.push_back(photos[taken->second].string() + " and " + photos[photo].string());
    matches.camera_of_photo.push_back(best);
  }
  const std::string subject = "--cameras " + given.source.string() + ": ";
  if (!missing.empty()) {
    throw Error(ErrorCode::kUsage, subject + std::to_string(missing.size()) + " of " +
                                       std::to_string(photos.size()) + " photos have no camera in it: " +
                                       listed(missing) + "; cameras are given for all photos or for none");
  }
  if (!unclear.empty()) {
    throw Error(ErrorCode::kUsage, subject + "more than one camera or photo has the same name: " +
                                       listed(unclear) + "; keep the folders of the camera file's names");
  }
  matches.unused = given.cameras.size() - photo_of_camera.size();
  return matches;
}

bool is_same_shape(Size picture, Size photo) {
  const double tolerance = std::max(0.005, 1.0 / std::min(photo.width, photo.height));
  const double x = static_cast<double>(photo.width) / picture.width;
  const double y = static_cast<double>(photo.height) / picture.height;
  return std::abs(x / y - 1) <= tolerance;
}

std::array<double, 9> intrinsics_for(const GivenCamera& camera, Size photo) {
  std::array<double, 9> k = camera.intrinsics;
  if (!camera.size || *camera.size == photo) return k;
  const double sx = static_cast<double>(photo.width) / camera.size->width;
  const double sy = static_cast<double>(photo.height) / camera.size->height;
  if (!is_same_shape(*camera.size, photo)) {
    throw Error(ErrorCode::kUsage, "--cameras: the camera of " + camera.photo + " is for a picture of " +
                                       core::size_text(*camera.size) + ", but the upright photo has " +
                                       core::size_text(photo) +
                                       "; give the photos that the cameras were made from");
  }
  for (std::size_t i = 0; i < 3; ++i) {
    k[i] *= sx;
    k[3 + i] *= sy;
  }
  return k;
}

}  // namespace da3::cameras
