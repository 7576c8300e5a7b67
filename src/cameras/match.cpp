// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include <cameras/given_cameras.hpp>
#include <cameras/photo_names.hpp>

#include <da3/error.hpp>

#include <core/text.hpp>
#include <core/text_encoding.hpp>

namespace da3::cameras {
namespace {

namespace fs = std::filesystem;

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

PhotoNames names_of(const GivenCameras& given) {
  std::vector<std::string> names;
  for (const GivenCamera& camera : given.cameras) names.push_back(camera.photo);
  return PhotoNames(names);
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

void require_possible_view(const GivenCamera& camera, const std::array<double, 9>& k, Size photo) {
  if (is_possible_view(k[0], k[4], photo)) return;
  throw Error(ErrorCode::kUsage, "--cameras: the camera of " +
                                     (camera.photo.empty() ? "a photo" : camera.photo) +
                                     impossible_view_text(k[0], k[4], photo));
}

}  // namespace

CameraMatches match_cameras(const GivenCameras& given, std::span<const fs::path> photos,
                            std::span<const std::string> written) {
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
  const PhotoNames names = names_of(given);
  const auto find = [&](const fs::path& path) {
    const auto found = names.find(path);
    return found || core::is_utf8(path.native()) ? found : names.find(core::as_utf8(path.native()));
  };
  CameraMatches matches;
  std::vector<std::string> missing;
  std::vector<std::string> unclear;
  std::unordered_map<std::size_t, std::size_t> photo_of_camera;
  for (std::size_t photo = 0; photo < photos.size(); ++photo) {
    const fs::path path = fs::absolute(photos[photo]).lexically_normal();
    auto found = find(path);
    if (!found && !written.empty())
      found = find(fs::path(path).replace_filename(fs::path(written[photo]).filename()));
    if (!found) {
      missing.push_back(photos[photo].string());
      continue;
    }
    const auto [taken, fresh] = photo_of_camera.emplace(found->name, photo);
    if (!found->is_clear) unclear.push_back(photos[photo].string());
    if (!fresh) unclear.push_back(photos[taken->second].string() + " and " + photos[photo].string());
    matches.camera_of_photo.push_back(found->name);
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

bool is_possible_view(double fx, double fy, Size photo) {
  constexpr double kWidest = 0.01;    // Of the picture's side: 178.9 degrees
  constexpr double kNarrowest = 1e5;  // No telescope's
  const auto possible = [](double focal, int side) {
    return focal >= kWidest * side && focal <= kNarrowest * side;
  };
  return possible(fx, photo.width) && possible(fy, photo.height);
}

std::string impossible_view_text(double fx, double fy, Size photo) {
  return " has focal lengths of " + core::exact_text(fx) + " and " + core::exact_text(fy) +
         " pixels for a photo of " + core::size_text(photo) +
         ", which no lens has; intrinsics are in pixels, not in parts of the picture";
}

std::array<double, 9> intrinsics_for(const GivenCamera& camera, Size photo) {
  std::array<double, 9> k = camera.intrinsics;
  if (camera.size && *camera.size != photo) {
    if (!is_same_shape(*camera.size, photo)) {
      throw Error(ErrorCode::kUsage, "--cameras: the camera of " + camera.photo + " is for a picture of " +
                                         core::size_text(*camera.size) + ", but the upright photo has " +
                                         core::size_text(photo) +
                                         "; give the photos that the cameras were made from");
    }
    for (std::size_t i = 0; i < 3; ++i) {
      k[i] *= static_cast<double>(photo.width) / camera.size->width;
      k[3 + i] *= static_cast<double>(photo.height) / camera.size->height;
    }
  }
  require_possible_view(camera, k, photo);
  return k;
}

}  // namespace da3::cameras
