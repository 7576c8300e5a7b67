// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <formats/scene/scene_files.hpp>

#include <da3/error.hpp>

#include <core/text.hpp>
#include <run/scene/scene_cameras.hpp>

namespace da3::run {
namespace {

// Beyond these the cameras are more likely wrong than the network: world_from_camera given, OpenGL's axes,
// another order.
constexpr double kLargestRms = 0.3;
constexpr double kLargestAngle = 20;
constexpr double kSeenSkew = 0.01;  ///< Pixels over the height of the picture; a rounding error has less

/// The views whose principal point lies outside of the photo.
std::vector<std::string> off_centre(const std::vector<scene::View>& views) {
  std::vector<std::string> names;
  for (const scene::View& view : views) {
    const auto k = scene::camera_of_photo(*view.given, view.place).intrinsics;
    const Size photo = view.place.photo_size;
    if (!(k[2] >= 0 && k[2] <= photo.width && k[5] >= 0 && k[5] <= photo.height)) names.push_back(view.name);
  }
  return names;
}

std::string rounded(double value) {
  const double tenths = std::round(value * 10) / 10;
  std::string text = std::to_string(tenths);
  return text.substr(0, text.find('.') + 2);
}

}  // namespace

std::size_t give_cameras(std::vector<scene::View>& views, const cameras::GivenCameras& given) {
  std::vector<std::filesystem::path> photos;
  std::vector<std::string> written;
  for (const scene::View& view : views) {
    photos.push_back(view.file);
    written.push_back(formats::image_name(view));
  }
  const cameras::CameraMatches matches = cameras::match_cameras(given, photos, written);
  for (std::size_t i = 0; i < views.size(); ++i) {
    const cameras::GivenCamera& camera = given.cameras[matches.camera_of_photo[i]];
    const Camera whole{camera.camera_from_world, intrinsics_for(camera, views[i].place.photo_size)};
    views[i].given = scene::camera_of_input(whole, views[i].place);
  }
  return matches.unused;
}

CameraOutcome adopt_given_cameras(std::vector<scene::View>& views, const cameras::GivenCameras& given,
                                  bool keep_scale, scene::Unit unit) {
  CameraOutcome outcome;
  outcome.unused = give_cameras(views, given);
  std::vector<Camera> wanted;
  std::vector<Camera> predicted;
  for (const scene::View& view : views) {
    wanted.push_back(*view.given);
    predicted.push_back(view.camera);
  }
  outcome.alignment = scene::align(predicted, wanted);
  scene::adopt_cameras(views, wanted, outcome.alignment, keep_scale);
  outcome.unit = keep_scale ? unit : given.unit == "m" ? scene::Unit::kMetres : scene::Unit::kGiven;
  const std::string source = given.source.string();
  if (const std::vector<std::string> names = off_centre(views); !names.empty()) {
    outcome.warnings.emplace_back(
        "camera.off_centre",
        source + ": " + core::count_of(names.size(), "camera") + " (first: " + names.front() +
            ") with a principal point outside of the photo; are its intrinsics in pixels, "
            "and of photos of this size?");
  }
  if (!outcome.alignment.predicted_from_given) {
    outcome.unit = unit;
    outcome.warnings.emplace_back("scene.scale_unknown",
                                  source + ": all cameras stand in one place, so nothing says how long the " +
                                      "network's unit is; depth keeps it");
  } else if (outcome.alignment.rms > kLargestRms || outcome.alignment.angle_deg > kLargestAngle) {
    outcome.warnings.emplace_back(
        "scene.cameras_disagree",
        source + ": the cameras do not look like those that the photos show (" +
            rounded(outcome.alignment.angle_deg) + " degrees, " + rounded(100 * outcome.alignment.rms) +
            " % of the path); are they camera_from_world in OpenCV axes, and of these photos?");
  }
  return outcome;
}

void require_no_skew(std::span<const scene::View> views, const std::string& what) {
  for (const scene::View& view : views) {
    const auto k = view.given.value_or(view.camera).intrinsics;
    const double shift = std::abs(k[1] / k[4]) * view.input.size.height;
    if (!(shift > kSeenSkew)) continue;  // Before the network runs there may be no camera
    throw Error(
        ErrorCode::kUsage,
        what + ": the camera of " + (view.file.empty() ? "view " + view.name : view.file.string()) +
            " has skew, which these files cannot hold; take cameras.json or npz, or cameras without it");
  }
}

}  // namespace da3::run
