// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include <ATen/core/ivalue.h>
#include <torch/csrc/jit/api/module.h>

namespace da3::engine {

/// Layers that other operators may take over (block_products.hpp, winograd_convolutions.hpp).
enum class Layer { kOther, kLinear, kConv3 };

/// What a module of the tree is besides its tensors and children.
struct ModulePlan {
  std::string class_name;  ///< Such as "Block"
  std::string text;        ///< TorchScript methods; they may use the attributes and children
  std::map<std::string, at::IValue> attributes;  ///< int, float, bool, List[int], packed weights
  Layer layer = Layer::kOther;
  int products = 1;  ///< Of a linear layer, and of an attention for its joint one: what it is computed as
};

/// One module with a child for every dotted part of the tensors' paths, each tensor registered as a parameter
/// without a copy, and for every plan. Modules of the same plan and structure share one class. Paths without
/// a plan hold tensors only. Throws: c10::Error or std::exception if a text does not compile.
torch::jit::Module build_module_tree(const std::map<std::string, at::Tensor>& tensors_by_path,
                                     const std::map<std::string, ModulePlan>& plans_by_path);

}  // namespace da3::engine
