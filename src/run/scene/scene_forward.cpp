// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <cameras/given_cameras.hpp>
#include <depth/way.hpp>
#include <formats/depth_statistics.hpp>
#include <scene/gaussians.hpp>
#include <scene/given_cameras.hpp>
#include <scene/rays.hpp>

#include <da3/error.hpp>

#include <core/text.hpp>
#include <run/scene/scene_forward.hpp>

namespace da3::run {
namespace {

int reference_of(const ReferenceChoice& choice, int views) {
  switch (choice.rule) {
    case ReferenceChoice::Rule::kFirst:
      return 0;
    case ReferenceChoice::Rule::kMiddle:
      return views / 2;
    case ReferenceChoice::Rule::kSaddleSimRange:
      return predict::kSaddleSimRange;
    case ReferenceChoice::Rule::kNumber:
      return choice.number;
    case ReferenceChoice::Rule::kSaddleBalanced:
      break;
  }
  return predict::kSaddleBalanced;
}

/// True if the network is shown the caller's cameras.
bool is_posed(std::span<const scene::View> views, const predict::DepthModel& model) {
  return model.takes_cameras() &&
         std::ranges::all_of(views, [](const auto& view) { return view.given.has_value(); });
}

std::vector<float> encodings_of(std::span<const scene::View> views, scene::Normalisation rule) {
  std::vector<Camera> cameras;
  for (const scene::View& view : views) cameras.push_back(*view.given);
  std::vector<float> numbers;
  for (const Camera& camera : scene::normalised_cameras(cameras, rule)) {
    for (const double number : scene::camera_encoding(camera, views.front().input.size))
      numbers.push_back(static_cast<float>(number));
  }
  return numbers;
}

predict::Request request_of(std::span<const scene::View> views, const SceneOptions& options,
                            const predict::DepthModel& model) {
  const ModelSpec& spec = model.spec();
  predict::Request request;
  request.views = static_cast<int>(views.size());
  request.size = views.front().input.size;
  request.wanted = {.confidence = spec.has_output("depth_conf"),
                    .sky = spec.has_output("sky"),
                    .pose = true,
                    .rays = options.pose == PoseChoice::kRays,
                    .gaussians = wants(options, "gaussians"),
                    .layers = options.features};
  if (is_posed(views, model)) {
    request.cameras = encodings_of(views, options.camera_normalisation);
  } else if (model.takes_reference()) {  // Others choose for themselves.
    request.reference = reference_of(options.reference, request.views);
  }
  for (const scene::View& view : views) request.pictures.emplace_back(view.input.rgb);
  return request;
}

double focal_of(const Camera& camera) {
  return (camera.intrinsics[0] + camera.intrinsics[4]) / 2;
}

void scale_translation(Camera& camera, double factor) {
  for (const std::size_t k : {3U, 7U, 11U}) camera.camera_from_world[k] *= factor;
}

/// A network that brings its result to metres did so with the decoder's focal lengths. Brings it to those of
/// the views' cameras instead, as the original does; each view's part of the scale grows with its focal
/// length.
void scale_to_focal_lengths(predict::Result& result, const std::vector<double>& before,
                            std::span<scene::View> views) {
  constexpr float kSky = 0.3F;
  constexpr float kFarthestSky_m = 200;
  double sum_before = 0;
  double sum = 0;
  for (std::size_t i = 0; i < views.size(); ++i) {
    sum_before += result.scale_shares[i];
    sum += result.scale_shares[i] * focal_of(views[i].camera) / before[i];
  }
  const double factor = sum / sum_before;
  if (!std::isfinite(factor) || factor <= 0) return;
  result.scales.front() = static_cast<float>(result.scales.front() * factor);
  const float sky = std::min(result.far.front(), kFarthestSky_m);
  const float new_sky = std::min(static_cast<float>(result.far.front() * factor), kFarthestSky_m);
  for (scene::View& view : views) {
    scale_translation(view.camera, factor);
    for (std::size_t p = 0; p < view.depth.size(); ++p) {
      const bool is_sky = !view.sky.empty() && view.sky[p] >= kSky && view.depth[p] == sky;
      view.depth[p] = is_sky ? new_sky : static_cast<float>(view.depth[p] * factor);
    }
  }
}

/// The cameras that the rays show; where they show none, the decoder's stay. Returns the views of the latter.
std::vector<std::size_t> take_ray_cameras(predict::Result& result, std::span<scene::View> views) {
  std::vector<std::size_t> without;
  std::vector<double> focal_lengths;
  for (const scene::View& view : views) focal_lengths.push_back(focal_of(view.camera));
  const std::size_t numbers = result.rays.size() / views.size();
  const double scale = result.scales.empty() ? 1.0 : result.scales.front();
  for (std::size_t i = 0; i < views.size(); ++i) {
    const scene::RayMap rays{result.rays_size.height, result.rays_size.width,
                             std::span(result.rays).subspan(i * numbers, numbers)};
    const std::size_t candidates = scene::num_candidates(result.rays_size.area());
    std::optional<std::array<double, 9>> known;
    if (views[i].given) known = views[i].given->intrinsics;
    auto found = scene::camera_from_rays(rays, views[i].input.size, scene::ray_samples(candidates, i), known);
    if (!found) {
      without.push_back(i);
      continue;
    }
    scale_translation(found->camera, scale);
    views[i].camera = found->camera;
    const auto depth = formats::summarise({views[i].input.size, views[i].depth}).values;
    if (depth && depth->median > 0) views[i].origin_spread = found->origin_spread * scale / depth->median;
  }
  // With given cameras the network took their focal lengths, which are these cameras' as well.
  if (!result.scale_shares.empty() && !views.front().given)
    scale_to_focal_lengths(result, focal_lengths, views);
  return without;
}

void take_result(const predict::Result& result, std::span<scene::View> views) {
  for (std::size_t i = 0; i < views.size(); ++i) {
    scene::View& view = views[i];
    view.depth = depth::map_of(result.depth, i, result.size).values;
    if (!result.confidence.empty()) view.confidence = depth::map_of(result.confidence, i, result.size).values;
    if (!result.sky.empty()) view.sky = depth::map_of(result.sky, i, result.size).values;
    const auto pick = [i](const std::vector<float>& from, auto& to) {
      std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(i * to.size()), to.size(), to.begin());
    };
    pick(result.extrinsics, view.camera.camera_from_world);
    pick(result.intrinsics, view.camera.intrinsics);
  }
}

void require_possible_view(std::size_t index, const scene::View& view) {
  const auto& k = view.camera.intrinsics;
  if (cameras::is_possible_view(k[0], k[4], view.input.size)) return;
  throw Error(ErrorCode::kPredictionInvalid,
              "camera " + std::to_string(index) + " has focal lengths of " + core::exact_text(k[0]) +
                  " and " + core::exact_text(k[4]) + " pixels for an input of " +
                  core::size_text(view.input.size) +
                  ", which no lens has; intrinsics are in pixels of the input");
}

/// Of a network that da3 does not know: others cannot be written where cameras are read again.
void check_cameras(const ModelSpec& spec, std::span<const scene::View> views) {
  if (!spec.network_id.empty()) return;
  cameras::GivenCameras given;
  for (const scene::View& view : views) {
    given.cameras.push_back(
        {.camera_from_world = view.camera.camera_from_world, .intrinsics = view.camera.intrinsics});
  }
  try {
    cameras::sound(std::move(given));
    for (std::size_t i = 0; i < views.size(); ++i) require_possible_view(i, views[i]);
  } catch (const Error& error) {
    throw Error(ErrorCode::kPredictionInvalid,
                "model " + spec.name + ": of its cameras (outputs \"extrinsics\" and \"intrinsics\") " +
                    error.what());
  }
}

/// Gaussians are made with camera and depth as they were before the network brought them to metres, if it
/// did.
void take_gaussians(const predict::Result& result, std::span<const scene::View> views, double keep_percent,
                    Seen& seen) {
  const bool in_metres = !result.scales.empty();
  const double scale = in_metres ? result.scales.front() : 1.0;
  const std::vector<float>& depth = in_metres ? result.relative_depth : result.depth;
  const std::size_t area = result.size.area();
  seen.dropped_gaussians.resize(views.size());
  for (std::size_t i = 0; i < views.size(); ++i) {
    Camera camera = views[i].camera;
    scale_translation(camera, 1 / scale);
    const std::vector<scene::Gaussian> all = scene::gaussians_of(
        {result.size,
         std::span(result.gaussians).subspan(i * area * scene::kRawGaussian, area * scene::kRawGaussian),
         std::span(depth).subspan(i * area, area), camera},
        static_cast<std::uint32_t>(i));
    const auto kept =
        scene::chosen_gaussians(all, result.size, views[i].depth, keep_percent, seen.dropped_gaussians[i]);
    seen.gaussians.insert(seen.gaussians.end(), kept.begin(), kept.end());
  }
  if (in_metres) scene::move_gaussians({scale, {1, 0, 0, 0, 1, 0, 0, 0, 1}, {}}, seen.gaussians);
}

}  // namespace

Seen see_views(predict::DepthModel& model, std::span<scene::View> views, const SceneOptions& options) {
  predict::Result result;
  try {
    result = model.predict(request_of(views, options, model));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kOutOfMemory) throw;
    throw Error(ErrorCode::kOutOfMemory,
                std::string(error.what()) + "; " + std::to_string(views.size()) +
                    " views do not fit: see fewer together (--window), give fewer photos, a smaller "
                    "--process-res or a smaller model");
  }
  take_result(result, views);
  check_cameras(model.spec(), views);
  Seen seen;
  if (options.pose == PoseChoice::kRays) seen.without_rays = take_ray_cameras(result, views);
  if (!result.gaussians.empty()) take_gaussians(result, views, options.gaussian_keep_percent, seen);
  seen.layers = std::move(result.layers);
  seen.peak_bytes = result.peak_bytes;
  seen.times = result.times;
  if (!result.references.empty()) seen.reference = static_cast<std::size_t>(result.references.front());
  if (views.size() == 2 && !is_posed(views, model)) seen.reference = 0;
  return seen;
}

}  // namespace da3::run
