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

namespace {

/// Of a network that da3 does not know.
[[noreturn]] void lacks(const ModelSpec& spec, const std::string& what, const std::string& needed,
                        const std::string& option) {
  throw Error(ErrorCode::kModelContract,
              "model " + spec.name + " is another network, whose file gives no " + what + " (" + needed +
                  "; docs/model-format.md, Scenes of foreign networks); leave out " + option);
}

}  // namespace

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
  if (spec.depth_kind != DepthKind::kRelative && spec.depth_kind != DepthKind::kMetric) {
    throw Error(ErrorCode::kModelContract,
                "model " + spec.name + " gives depth of the kind " + std::string(to_string(spec.depth_kind)) +
                    ", of which no points follow; a scene needs relative or metric");
  }
  if (spec.network_id.empty()) {
    if (options.pose == PoseChoice::kRays && !spec.has_output("rays"))
      lacks(spec, "rays", "method rays_with, \"rays\" among its record's outputs", "--pose rays");
    if (wants(options, "gaussians") && !spec.has_output("gaussians"))
      lacks(spec, "Gaussians", "method gaussians_with, \"gaussians\" among its record's outputs",
            "-f gaussians");
  }
  if (wants(options, "gaussians") && !spec.has_output("gaussians")) {
    throw Error(ErrorCode::kUsage, "--format gaussians: model " + spec.name +
                                       " has no Gaussian head, or its file was made without; da3-giant and "
                                       "da3nested-giant-large have one ('da3 model pull' or 'export' again)");
  }
  scene_way(options, spec);  // Throws for sizes that the model does not take.
}

void check_scene_model(const SceneOptions& options, const predict::DepthModel& model) {
  check_scene_options(options, model.spec());
  if (model.takes_reference()) return;
  if (options.reference.rule != ReferenceChoice::Rule::kSaddleBalanced)
    lacks(model.spec(), "choice of its reference view", "method scene", "--reference");
  if (!options.features.empty()) lacks(model.spec(), "outputs of its blocks", "method scene", "--features");
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
        sizes.push_back(depth::processed_size(way, codec::read_size(photo.path, decode_options(options))));
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
