// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <depth/way.hpp>

#include <da3/error.hpp>

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

predict::Request request_of(std::span<const scene::View> views, const SceneOptions& options,
                            const ModelSpec& spec) {
  predict::Request request;
  request.views = static_cast<int>(views.size());
  request.size = views.front().input.size;
  request.wanted = {.confidence = spec.has_output("depth_conf"), .sky = spec.has_output("sky"), .pose = true};
  // Other networks choose for themselves.
  if (!spec.network_id.empty()) request.reference = reference_of(options.reference, request.views);
  for (const scene::View& view : views) request.pictures.emplace_back(view.input.rgb);
  return request;
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

}  // namespace

Seen see_views(predict::DepthModel& model, std::span<scene::View> views, const SceneOptions& options) {
  predict::Result result;
  try {
    result = model.predict(request_of(views, options, model.spec()));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kOutOfMemory) throw;
    throw Error(ErrorCode::kOutOfMemory,
                std::string(error.what()) + "; " + std::to_string(views.size()) +
                    " views do not fit: see fewer together (--window), give fewer photos, a smaller "
                    "--process-res or a smaller model");
  }
  take_result(result, views);
  Seen seen;
  seen.peak_bytes = result.peak_bytes;
  seen.times = result.times;
  if (!result.references.empty()) seen.reference = static_cast<std::size_t>(result.references.front());
  if (views.size() == 2) seen.reference = 0;
  return seen;
}

}  // namespace da3::run
