// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include <depth/inverse_depth.hpp>
#include <depth/way.hpp>
#include <options/validate.hpp>

#include <da3/error.hpp>

#include <core/text.hpp>

namespace da3::depth {
namespace {

using options::refuse;

void apply_resizing(const ModelSpec& model, const WayOptions& options, Way& way) {
  if (model.fixed_size) {
    way.fixed_size = Size{(*model.fixed_size)[0], (*model.fixed_size)[1]};
    if (options.process_res || options.resize_method) {
      refuse(model.name + ": this model takes " + core::size_text(*way.fixed_size) +
             " only; leave out --process-res and --resize-method");
    }
    return;
  }
  way.policy.patch = model.patch;
  way.policy.process_res = options.process_res.value_or(model.process_res);
  way.policy.method = options.resize_method.value_or(model.resize_method);
  if (way.policy.process_res < way.policy.patch) {
    refuse("--process-res " + std::to_string(way.policy.process_res) + ": expected at least one patch, " +
           std::to_string(way.policy.patch) + " pixels");
  }
  options::check_crop(way.policy.method,
                      options.at_model_size ? options::ResultSize::kModel : options::ResultSize::kInput);
}

/// Results grow with distance unless the network's own values are asked for.
DepthKind result_kind(DepthKind model, bool raw) {
  if (raw) return model;
  if (model == DepthKind::kCanonical) return DepthKind::kMetric;
  return model == DepthKind::kInverse ? DepthKind::kRelative : model;
}

}  // namespace

Way make_way(const ModelSpec& model, const WayOptions& options) {
  options::check(options::Focal{options.focal_px, options.hfov_deg});
  Way way;
  apply_resizing(model, options, way);
  way.model_kind = model.depth_kind;
  way.result_kind = result_kind(model.depth_kind, options.raw);
  way.focal_px = options.focal_px;
  way.hfov_deg = options.hfov_deg;
  way.at_model_size = options.at_model_size;
  return way;
}

Size processed_size(const Way& way, Size original) {
  return way.fixed_size ? *way.fixed_size : image::processed_size(original, way.policy);
}

image::Scale processed_scale(const Way& way, Size original) {
  if (!way.fixed_size) return image::processed_scale(original, way.policy);
  return {static_cast<double>(way.fixed_size->height) / original.height,
          static_cast<double>(way.fixed_size->width) / original.width};
}

Size result_size(const Way& way, Size original) {
  return way.at_model_size ? processed_size(way, original) : original;
}

image::Intrinsics camera_of_result(const Way& way, const image::Intrinsics& camera, Size original) {
  if (!way.at_model_size) return camera;
  // A crop keeps the middle.
  const Size result = result_size(way, original);
  const image::Scale scale = processed_scale(way, original);
  return {camera.fx * scale.x, camera.fy * scale.y,
          camera.cx * scale.x + (result.width - original.width * scale.x) / 2,
          camera.cy * scale.y + (result.height - original.height * scale.y) / 2};
}

Image prepare(const Way& way, const Image& photo) {
  if (photo.size.height <= 0 || photo.size.width <= 0 || photo.rgb.size() != photo.size.area() * 3) {
    refuse("a photo of " + core::size_text(photo.size) + " pixels needs 3 bytes a pixel, found " +
           std::to_string(photo.rgb.size()) + " bytes");
  }
  return way.fixed_size ? image::preprocess_fixed(photo, *way.fixed_size)
                        : image::preprocess(photo, way.policy);
}

DepthMap map_of(const std::vector<float>& values, std::size_t index, Size size) {
  const auto first = values.begin() + static_cast<std::ptrdiff_t>(index * size.area());
  return {size, std::vector<float>(first, first + static_cast<std::ptrdiff_t>(size.area()))};
}

DepthMap resize_result(const Way& way, DepthMap map, Size original, std::vector<float> room) {
  const Size size = way.at_model_size ? map.size : original;
  return map.size == size ? std::move(map) : image::resize_map(map, size, std::move(room));
}

DepthMap restore(const Way& way, DepthMap depth, Size original, const std::optional<Focal>& focal,
                 std::vector<float> room) {
  if (way.needs_focal()) {
    if (!focal) {
      throw Error(ErrorCode::kFocalMissing,
                  "this model needs a focal length for metres and the photo has none");
    }
    const double factor = metres_per_canonical(focal->px, processed_scale(way, original));
    for (float& value : depth.values) value = static_cast<float>(value * factor);
  }
  DepthMap result = resize_result(way, std::move(depth), original, std::move(room));
  const bool inverts = way.model_kind == DepthKind::kInverse && way.result_kind != DepthKind::kInverse;
  if (inverts) return depth_from_inverse(std::move(result));
  return result;  // Not in one expression with the other, which would copy it
}

}  // namespace da3::depth
