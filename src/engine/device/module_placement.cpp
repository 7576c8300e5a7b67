// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <ATen/ATen.h>

#include <engine/device/module_placement.hpp>

namespace da3::engine {
namespace {

/// The camera decoder has a part called backbone as well, which is none.
bool is_in_backbone(std::string_view path) {
  return path.find("backbone.pretrained.") != std::string_view::npos;
}

at::ScalarType type_at(const std::string& path, const at::Tensor& tensor, const Placement& placement) {
  // What is lower already was made so by the lowering.
  if (tensor.scalar_type() != at::kFloat) return tensor.scalar_type();
  return is_in_backbone(path) ? placement.backbone : at::kFloat;
}

std::string below(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

torch::jit::Module place_tree(const torch::jit::Module& module, const Placement& placement,
                              const std::string& path) {
  torch::jit::Module placed(module._ivalue()->compilation_unit(), module.type());
  const auto& type = *module.type();
  for (std::size_t slot = 0; slot < type.numAttributes(); ++slot) {
    const std::string name = below(path, type.getAttributeName(slot));
    const c10::IValue value = module._ivalue()->getSlot(slot);
    if (value.isModule()) {
      placed._ivalue()->setSlot(slot, place_tree(value.toModule(), placement, name)._ivalue());
    } else if (value.isTensor()) {
      const at::Tensor& tensor = value.toTensor();
      placed._ivalue()->setSlot(slot, tensor.to(placement.device, type_at(name, tensor, placement)));
    } else {
      placed._ivalue()->setSlot(slot, value);
    }
  }
  return placed;
}

}  // namespace

torch::jit::Module place(const torch::jit::Module& module, const Placement& placement) {
  return place_tree(module, placement, "");
}

std::uint64_t placed_bytes(const torch::jit::Module& module, const Placement& placement) {
  std::uint64_t bytes = 0;
  for (const auto& parameter : module.named_parameters(/*recurse=*/true)) {
    bytes += static_cast<std::uint64_t>(parameter.value.numel()) *
             c10::elementSize(type_at(parameter.name, parameter.value, placement));
  }
  return bytes;
}

bool is_backbone_table(std::string_view key) {
  constexpr std::string_view kMetric = "metric_";
  if (key.starts_with(kMetric)) key.remove_prefix(kMetric.size());
  return key == "position" || key == "cos" || key == "sin" || key == "global_cos" || key == "global_sin";
}

}  // namespace da3::engine
