// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <vector>

#include <engine/device/devices.hpp>
#include <engine/device/module_placement.hpp>
#include <engine/network_calls.hpp>
#include <engine/precision.hpp>

namespace da3::engine {
namespace {

using torch::jit::IValue;

/// (B, S, kCameraNumbers), or (B, S, 0) where none are given.
at::Tensor cameras_of(const predict::Request& request) {
  const std::int64_t numbers = request.cameras.empty() ? 0 : predict::kCameraNumbers;
  return at::tensor(at::ArrayRef<float>(request.cameras)).view({request.scenes, request.views, numbers});
}

/// A network that da3 does not know is asked for more than it gives of each photo alone.
bool is_for_scene(const ReadyNetwork& network, const predict::Request& request) {
  return network.offered.scene &&
         (request.wanted.pose || request.reference || !request.cameras.empty() || !is_plain(request.wanted));
}

/// The methods of a network that da3 does not know (docs/model-format.md, Scenes of foreign networks).
IValue see_scene(torch::jit::Module& module, const at::Tensor& image, const predict::Request& request) {
  const at::Tensor cameras = cameras_of(request).to(image.device());
  const std::int64_t reference = request.reference.value_or(predict::kSaddleBalanced);
  const IValue seen = module.run_method("scene", image, cameras, reference);
  const int height = request.size.height;
  const int width = request.size.width;
  auto outputs = seen.toGenericDict().copy();
  if (request.wanted.rays)
    outputs.insert_or_assign("rays", module.run_method("rays_with", seen, height, width));
  if (request.wanted.gaussians)
    outputs.insert_or_assign("gaussians", module.run_method("gaussians_with", seen, image, height, width));
  return outputs;
}

/// The tables of a size, and what else the network is to do (network.hpp).
IValue with_wishes(ReadyNetwork& network, const IValue& tables, const predict::Request& request) {
  const predict::Wanted& wanted = request.wanted;
  if (!request.reference && request.cameras.empty() && is_plain(request.wanted)) return tables;
  const at::TensorOptions options = at::TensorOptions().device(to_torch(network.device));
  auto entries = tables.toGenericDict().copy();
  const at::Tensor yes = at::empty({0});
  if (request.reference)
    entries.insert_or_assign("reference", at::full({1}, *request.reference, options.dtype(at::kLong)));
  if (!request.cameras.empty()) {
    const at::Tensor cameras = cameras_of(request).to(options.device());
    entries.insert_or_assign("camera_tokens", network.module.run_method("camera_tokens", cameras));
    entries.insert_or_assign("cameras", cameras);
  }
  if (wanted.rays) entries.insert_or_assign("rays", yes);
  if (wanted.gaussians) entries.insert_or_assign("gaussians", yes);
  for (const int layer : wanted.layers) entries.insert_or_assign("layer" + std::to_string(layer), yes);
  return entries;
}

/// The head's maps are its largest tensors and no view's result depends on another's, so it sees a few at a
/// time.
IValue decode_views(ReadyNetwork& network, const IValue& features, const IValue& tables,
                    const predict::Request& request) {
  const std::int64_t most = network.head_views > 0 ? network.head_views : request.views;
  const auto decode = [&](const IValue& part) {
    const int height = request.size.height;
    const int width = request.size.width;
    IValue outputs = network.module.run_method("decode_with", part, tables, height, width);
    if (request.wanted.gaussians) {
      outputs.toGenericDict().insert_or_assign(
          "gaussians", network.module.run_method("gaussians_of", part, height, width));
    }
    return outputs;
  };
  if (request.views <= most) return decode(features);
  std::map<std::string, std::vector<at::Tensor>> views;
  for (std::int64_t first = 0; first < request.views; first += most) {
    const std::int64_t count = std::min<std::int64_t>(most, request.views - first);
    auto part = features.toGenericDict().copy();
    for (const auto& entry : features.toGenericDict()) {
      // (B, S, ...); what is told of whole scenes has one dimension.
      const at::Tensor& value = entry.value().toTensor();
      if (value.dim() > 1) part.insert_or_assign(entry.key(), value.narrow(1, first, count));
    }
    const IValue decoded = decode(part);
    for (const auto& entry : decoded.toGenericDict())
      views[entry.key().toStringRef()].push_back(entry.value().toTensor());
  }
  c10::Dict<std::string, at::Tensor> joined;
  for (const auto& [name, parts] : views) joined.insert(name, at::cat(parts, 1));
  return joined;
}

/// Head, exp and cameras compute in float32 whatever the backbone does.
IValue features_for_head(const ReadyNetwork& network, IValue features) {
  if (backbone_type(network.precision, network.device) == at::kFloat) return features;
  auto levels = features.toGenericDict();
  for (const auto& level : levels) level.setValue(level.value().toTensor().to(at::kFloat));
  return features;
}

IValue forward_in_steps(ReadyNetwork& network, const at::Tensor& image, const IValue& tables,
                        const predict::Request& request, const std::function<void()>& after_backbone) {
  torch::jit::Module& module = network.module;
  const int height = request.size.height;
  const int width = request.size.width;
  const at::Tensor input = image.to(backbone_type(network.precision, network.device));
  const IValue wishes = network.offered.tables ? with_wishes(network, tables, request) : IValue();
  const IValue features = network.offered.tables
                              ? features_for_head(network, module.run_method("features_with", input, wishes))
                              : module.run_method("features", input);
  after_backbone();
  const IValue outputs = network.offered.tables ? decode_views(network, features, wishes, request)
                                                : module.run_method("decode", features, height, width);
  // Nested networks need the cameras for depth already.
  if (request.wanted.pose && !outputs.toGenericDict().contains("extrinsics")) {
    const IValue cameras = module.run_method("pose_with", features, height, width);
    auto all = outputs.toGenericDict();
    for (const auto& camera : cameras.toGenericDict()) all.insert_or_assign(camera.key(), camera.value());
  }
  for (const int layer : request.wanted.layers) {
    const IValue name("layer" + std::to_string(layer));
    // A layer that does not exist is missing in the outputs, which is told there.
    if (features.toGenericDict().contains(name))
      outputs.toGenericDict().insert_or_assign(name, features.toGenericDict().at(name));
  }
  const IValue reference("reference");
  if (request.reference && features.toGenericDict().contains(reference)) {
    outputs.toGenericDict().insert_or_assign(reference, features.toGenericDict().at(reference));
  }
  return outputs;
}

}  // namespace

bool is_plain(const predict::Wanted& wanted) {
  return !wanted.rays && !wanted.gaussians && wanted.layers.empty();
}

bool runs_in_steps(const ReadyNetwork& network, const predict::Request& request) {
  if (is_for_scene(network, request)) return false;
  return network.offered.tables || (network.offered.split && !request.wanted.pose);
}

IValue call_network(ReadyNetwork& network, const at::Tensor& image, const IValue& tables,
                    const predict::Request& request, const std::function<void()>& after_backbone) {
  if (is_for_scene(network, request)) return see_scene(network.module, image, request);
  if (runs_in_steps(network, request))
    return forward_in_steps(network, image, tables, request, after_backbone);
  return network.module.run_method(request.wanted.pose ? "pose" : "forward", image);
}

}  // namespace da3::engine
