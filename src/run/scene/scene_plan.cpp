// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <codec/decode.hpp>

#include <da3/error.hpp>

#include <run/scene/run_scene.hpp>
#include <run/scene/scene_photos.hpp>
#include <run/scene/scene_plan.hpp>
#include <run/scene/scene_windows.hpp>

namespace da3::run {

depth::Way scene_way(const SceneOptions& options, const ModelSpec& spec) {
  // Maps are placed in the photo here, so that crops are no obstacle.
  return depth::make_way(
      spec,
      {.process_res = options.process_res, .resize_method = options.resize_method, .at_model_size = true});
}

void check_scene_options(const SceneOptions& options, const ModelSpec& spec) {
  validate(options);
  if (!spec.has_output("pose")) {
    throw Error(ErrorCode::kUsage, "model " + spec.name +
                                       " has no cameras, which a scene needs; take an any-view model such as "
                                       "da3-small, da3-base, da3-large or da3nested-giant-large");
  }
  if (spec.network_id.empty() && options.reference.rule != ReferenceChoice::Rule::kSaddleBalanced) {
    throw Error(ErrorCode::kUsage, "model " + spec.name +
                                       " is another network, which chooses its reference view itself; leave "
                                       "out --reference");
  }
  const bool wants_rays = options.pose == PoseChoice::kRays;
  if (spec.network_id.empty() && (wants_rays || !options.features.empty())) {
    throw Error(ErrorCode::kUsage, "model " + spec.name + " is another network, which has no " +
                                       (wants_rays ? "ray head; leave out --pose rays"
                                                   : "blocks that da3 knows; leave out --features"));
  }
  if (wants(options, "gaussians") && !spec.has_output("gaussians")) {
    throw Error(ErrorCode::kUsage, "--format gaussians: model " + spec.name +
                                       " has no Gaussian head, or its file was made without; da3-giant and "
                                       "da3nested-giant-large have one ('da3 model pull' or 'export' again)");
  }
  scene_way(options, spec);  // Throws for sizes that the model does not take.
}

std::vector<ScenePlan> plan_scenes(const SceneOptions& options, const ModelSpec& model, DeviceKind device) {
  check_scene_options(options, model);
  const depth::Way way = scene_way(options, model);
  std::vector<ScenePlan> plans;
  for (const SceneInput& input : find_scenes(options)) {
    ScenePlan plan;
    plan.folder = input.folder;
    std::vector<Size> sizes;
    for (const ScenePhoto& photo : input.photos) {
      plan.photos.push_back(photo.path);
      try {
        if (photo.error) throw Error(*photo.error);
        codec::DecodeOptions decode;
        decode.max_pixels = options.max_pixels;
        sizes.push_back(depth::processed_size(way, codec::read_size(photo.path, decode)));
      } catch (const Error& error) {
        plan.unusable.emplace_back(error.what());
      }
    }
    if (!sizes.empty()) {
      plan.windows = windows_of(options, sizes.size(), device);
      plan.input = sizes.front();
      for (const Size size : sizes)
        plan.input = {std::min(plan.input.height, size.height), std::min(plan.input.width, size.width)};
      for (const Size size : sizes) {
        const double kept = static_cast<double>(plan.input.area()) / static_cast<double>(size.area());
        plan.most_cut_percent = std::max(plan.most_cut_percent, 100.0 * (1 - kept));
      }
    }
    plans.push_back(std::move(plan));
  }
  return plans;
}

}  // namespace da3::run
