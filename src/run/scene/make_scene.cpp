// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <scene/gaussians.hpp>
#include <scene/similarity.hpp>

#include <da3/error.hpp>

#include <core/text.hpp>
#include <run/scene/make_scene.hpp>
#include <run/scene/scene_cameras.hpp>
#include <run/scene/scene_photos.hpp>

namespace da3::run {
namespace {

constexpr double kWideFocal = 1e5;   ///< Focal length over width from which a field of view of 0 is meant
constexpr double kBadSeam = 0.1;     ///< Of the median depth
constexpr double kFewPoints = 0.01;  ///< Of a view's pixels

void warn(scene::Scene& scene, const char* code, std::string message) {
  scene.warnings.push_back({code, std::move(message)});
}

/// What messages call a view.
std::string title(const scene::View& view) {
  return view.file.empty() ? "view " + view.name : view.file.string();
}

void warn_of_seams(scene::Scene& scene) {
  for (std::size_t k = 1; k < scene.windows.size(); ++k) {
    const SceneWindow& window = scene.windows[k];
    if (!(window.residual > kBadSeam)) continue;
    warn(scene, "scene.seam",
         "views " + std::to_string(window.begin + 1) + " to " + std::to_string(scene.windows[k - 1].end) +
             " look different in windows " + std::to_string(k) + " and " + std::to_string(k + 1) + ": by " +
             std::to_string(std::lround(100 * *window.residual)) +
             " % of their depth; the scene may be bent there");
  }
}

}  // namespace

void cut_views(scene::Scene& scene, MixedSizes mixed) {
  const Size size = common_size(scene.views);
  double most = 0;
  std::size_t number = 0;
  for (scene::View& view : scene.views) {
    if (view.input.size != size && mixed == MixedSizes::kError) {
      throw Error(ErrorCode::kUsage,
                  title(view) + ": photos of different shape are one scene only with --mixed crop");
    }
    const double lost = cut_to(view, size);
    number += lost > 0 ? 1 : 0;
    most = std::max(most, lost);
  }
  if (number == 0) return;
  warn(scene, "scene.mixed_sizes",
       "photos of different shape: " + std::to_string(number) + " of " + std::to_string(scene.views.size()) +
           " are cut to " + core::size_text(size) + ", which takes up to " +
           std::to_string(std::lround(most)) + " % of a photo");
}

std::size_t settle(scene::Scene& scene, SeenScene seen, const ModelSpec& model,
                   const std::optional<cameras::GivenCameras>& given, bool keep_scale) {
  scene.reference = seen.reference;
  scene.windows = std::move(seen.windows);
  scene.gaussians = std::move(seen.gaussians);
  scene.pose_source = seen.pose_source;
  scene.unit = model.depth_unit == "m" ? scene::Unit::kMetres : scene::Unit::kRelative;
  warn_of_seams(scene);
  for (const scene::View& view : scene.views) {
    if (view.camera.intrinsics[0] >= kWideFocal * view.input.size.width)
      warn(scene, "camera.degenerate", title(view) + ": the network gives a field of view of 0");
  }
  for (const std::size_t view : seen.without_rays) {
    warn(scene, "camera.ray_fallback",
         title(scene.views[view]) + ": its rays are no camera, so that it has the decoder's");
  }
  if (scene.views.size() == 1)
    warn(scene, "scene.single_view", "one photo: its camera is the world's, near enough");
  if (!given) return 0;
  const Camera first = scene.views.front().camera;
  CameraOutcome outcome = adopt_given_cameras(scene.views, *given, keep_scale, scene.unit);
  scene.unit = outcome.unit;
  scene.pose_source = scene::PoseSource::kGiven;
  scene.alignment = outcome.alignment;
  if (!keep_scale && !scene.gaussians.empty()) {
    const auto& fitted = outcome.alignment.predicted_from_given;
    scene::move_gaussians(
        fitted ? scene::inverted(*fitted) : scene::between(scene.views.front().camera, first),
        scene.gaussians);
  }
  for (auto& [code, message] : outcome.warnings) warn(scene, code, std::move(message));
  return outcome.unused;
}

std::vector<std::uint64_t> add_points(scene::Scene& scene, const scene::PointOptions& options) {
  scene.cloud = scene::point_cloud(scene.views, options);
  std::vector<std::uint64_t> counts(scene.views.size());
  for (const scene::Point& point : scene.cloud.points) ++counts[point.view];
  const double share = static_cast<double>(scene.cloud.points.size()) /
                       static_cast<double>(std::max<std::uint64_t>(1, scene.cloud.candidates));
  for (std::size_t i = 0; i < scene.views.size(); ++i) {
    const double all = share * static_cast<double>(scene.views[i].input.size.area());
    if (static_cast<double>(counts[i]) >= kFewPoints * all && counts[i] > 0) continue;
    warn(scene, "scene.view_empty",
         title(scene.views[i]) +
             ": less than 1 % of its pixels are points; its confidence is low "
             "next to the other views'");
  }
  return counts;
}

}  // namespace da3::run
