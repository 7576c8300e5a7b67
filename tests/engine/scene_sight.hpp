// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>

#include <ATen/ATen.h>

#include <engine/export/tensor_sources.hpp>
#include <engine/golden_values.hpp>
#include <engine/network/network.hpp>
#include <engine/network/tensor_layouts.hpp>
#include <weights/tensor_list.hpp>

// Golden scenes on their way through a network with all its parts.
namespace da3::engine {

/// A network with all its parts, from the published tensors or as an exported file has them.
inline torch::jit::Module build_with_parts(const std::string& model, const Lowering& lowering, int layout) {
  const weights::NetworkConfig config = config_of(model);
  const auto entries = weights::tensor_list(config);
  const Parts parts = parts_of(config);
  TensorMap tensors = recipe_tensors(entries, 1, parts);
  if (layout > 1) tensors = fold_tensors(config, std::move(tensors));
  return build_network(config, layout, std::move(tensors), Attention::kSdpa, lowering, parts);
}

/// One scene on its way through a network.
struct Sight {
  Sight(const std::string& model, const std::string& golden, const Lowering& lowering, int layout)
      : module(build_with_parts(model, lowering, layout)),
        expected(da3::testing::read_npz(kGolden / "scene" / (golden + ".npz"))),
        image(image_of(expected.at("image"))),
        tables(module.get_method("tables")({image.size(3), image.size(4)}).toGenericDict()) {}

  void wish(const std::string& name, const at::Tensor& value = at::empty({0})) {
    tables.insert_or_assign(name, value);
  }
  void run() {
    features = module.get_method("features_with")({image, tables});
    outputs = as_map(module.get_method("decode_with")({features, tables, image.size(3), image.size(4)}));
    if (!tables.contains("gaussians")) return;
    outputs["gaussians"] =
        module.get_method("gaussians_of")({features, image.size(3), image.size(4)}).toTensor();
  }
  std::map<std::string, at::Tensor> cameras() {
    return as_map(module.get_method("pose_with")({features, image.size(3), image.size(4)}));
  }
  at::Tensor array(const std::string& name) const {
    const Array& values = expected.at(name);
    return at::tensor(at::ArrayRef<float>(values.floats)).view(values.shape);
  }

  LibTorch libtorch;
  torch::jit::Module module;
  Arrays expected;
  at::Tensor image;
  c10::impl::GenericDict tables;
  at::IValue features;
  std::map<std::string, at::Tensor> outputs;
};

}  // namespace da3::engine
