// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include <da3/error.hpp>

#include <engine/engine.hpp>
#include <engine/network/network.hpp>
#include <engine/network/tensor_layouts.hpp>
#include <weights/model_config.hpp>

namespace da3::engine {
namespace {

/// The part of a path in the module, such as "da3_metric.backbone.pretrained.norm.weight".
std::string part_of(std::string_view path) {
  const std::string branch = path.starts_with("da3_metric.") ? "metric " : "";
  const auto has = [path](std::string_view name) {
    return path.starts_with(name) || path.find("." + std::string(name)) != std::string_view::npos;
  };
  if (has("cam_dec.")) return branch + "camera decoder";
  return branch + (has("backbone.") ? "backbone" : "head");
}

}  // namespace

std::vector<ModelPart> model_parts(const ModelSpec& spec) {
  std::vector<ModelPart> parts;
  if (!knows_network(spec.network_id, spec.network_layout)) return parts;
  try {
    const weights::NetworkConfig config = weights::parse_config(spec.network_config_json, spec.name);
    for (const auto& [path, tensor] : expected_tensors(config, spec.network_layout)) {
      const std::string name = part_of(path);
      if (parts.empty() || parts.back().name != name) parts.push_back({name, 0});
      std::int64_t count = 1;
      for (const std::int64_t extent : tensor.shape) count *= extent;
      parts.back().parameters += count;
    }
  } catch (const Error&) {
    parts.clear();
  }
  return parts;
}

}  // namespace da3::engine
