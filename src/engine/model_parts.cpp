// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>
#include <utility>

#include <da3/error.hpp>

#include <engine/engine.hpp>
#include <engine/network/network.hpp>
#include <engine/network/tensor_layouts.hpp>
#include <weights/model_config.hpp>

namespace da3::engine {
namespace {

/// The part of a path in the module, such as "da3_metric.backbone.pretrained.norm.weight", with no parameters
/// yet.
ModelPart part_of(std::string_view path) {
  const std::string branch = path.starts_with("da3_metric.") ? "metric " : "";
  const auto has = [path](std::string_view name) {
    return path.starts_with(name) || path.find(std::string(".").append(name)) != std::string_view::npos;
  };
  if (has("cam_dec.")) return {branch + "camera decoder"};
  if (has("cam_enc.")) return {branch + "camera encoder", 0, true};
  if (has("gs_head.")) return {branch + "Gaussian head", 0, true};
  if (path.find("_aux.") != std::string_view::npos) return {branch + "ray head", 0, true};
  return {branch + (has("backbone.") ? "backbone" : "head")};
}

}  // namespace

Parts parts_in(const ModelSpec& spec) {
  if (!knows_network(spec.network_id, spec.network_layout)) return {};
  return stored_parts(weights::parse_config(spec.network_config_json, spec.name), spec.network_layout);
}

bool is_depth_only(const ModelSpec& spec) {
  return spec.network_layout <= kLayoutWithoutParts;
}

std::vector<ModelPart> model_parts(const ModelSpec& spec) {
  std::vector<ModelPart> parts;
  if (!knows_network(spec.network_id, spec.network_layout)) return parts;
  try {
    const weights::NetworkConfig config = weights::parse_config(spec.network_config_json, spec.name);
    const int layout = spec.network_layout;
    for (const auto& [path, tensor] : expected_tensors(config, layout, stored_parts(config, layout))) {
      ModelPart found = part_of(path);
      std::int64_t count = 1;
      for (const std::int64_t extent : tensor.shape) count *= extent;
      auto part = std::ranges::find(parts, found.name, &ModelPart::name);
      if (part == parts.end()) part = parts.insert(parts.end(), std::move(found));
      part->parameters += count;
    }
  } catch (const Error&) {
    parts.clear();
  }
  return parts;
}

}  // namespace da3::engine
