// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/frontend/sugared_value.h>

#include <engine/network/module_tree.hpp>

namespace da3::engine {
namespace {

/// Names of operators in the text: torch.NAME, quantized.NAME, mkldnn.NAME (oneDNN) and da3.NAME
/// (own_operators.hpp).
struct OperatorResolver : torch::jit::NativeResolver {
  std::shared_ptr<torch::jit::SugaredValue> resolveValue(const std::string& name,
                                                         torch::jit::GraphFunction& method,
                                                         const torch::jit::SourceRange& place) override {
    if (name == "da3" || name == "quantized" || name == "mkldnn")
      return std::make_shared<torch::jit::BuiltinModule>(name);
    return NativeResolver::resolveValue(name, method, place);
  }
};

/// "2" before "10", so that blocks lie in a file in the order in which they run.
struct ByNumberThenName {
  bool operator()(const std::string& a, const std::string& b) const {
    const bool numbers = a.find_first_not_of("0123456789") == std::string::npos &&
                         b.find_first_not_of("0123456789") == std::string::npos;
    if (numbers && a.size() != b.size()) return a.size() < b.size();
    return a < b;
  }
};

struct Node {
  std::map<std::string, Node, ByNumberThenName> children;
  std::map<std::string, at::Tensor> tensors;
};

/// The node at a dotted path below `node`, made where it is missing.
Node& descend(Node& node, std::string_view path) {
  if (path.empty()) return node;
  const std::size_t dot = std::min(path.find('.'), path.size());
  Node& child = node.children[std::string(path.substr(0, dot))];
  return descend(child, path.substr(std::min(dot + 1, path.size())));
}

/// A node for every part of the tensors' paths and for every plan: one may have attributes alone.
Node make_tree(const std::map<std::string, at::Tensor>& tensors_by_path,
               const std::map<std::string, ModulePlan>& plans_by_path) {
  Node root;
  for (const auto& [path, tensor] : tensors_by_path) {
    const std::size_t dot = path.rfind('.');
    const std::string_view folder = std::string_view(path).substr(0, dot == std::string::npos ? 0 : dot);
    descend(root, folder).tensors.emplace(path.substr(dot + 1), tensor);
  }
  for (const auto& [path, plan] : plans_by_path) descend(root, path);
  return root;
}

class Builder {
 public:
  explicit Builder(const std::map<std::string, ModulePlan>& plans) : plans_(plans) {}

  torch::jit::Module build(const Node& node, const std::string& path) {
    std::vector<std::pair<std::string, torch::jit::Module>> children;
    for (const auto& [name, child] : node.children) {
      children.emplace_back(name, build(child, path.empty() ? name : path + "." + name));
    }
    const auto plan = plans_.find(path);
    const ModulePlan& own = plan == plans_.end() ? kNoPlan : plan->second;
    std::string structure = own.class_name + "|" + own.text;
    for (const auto& [name, tensor] : node.tensors) structure += "|" + name;
    for (const auto& [name, child] : children)
      structure += "|" + name + ":" + child.type()->name()->qualifiedName();

    const auto known = classes_.find(structure);
    if (known != classes_.end()) return fill(torch::jit::Module(unit_, known->second), node, own, children);
    torch::jit::Module module = declare(node, own, children);
    classes_.emplace(std::move(structure), module.type());
    return module;
  }

 private:
  using Children = std::vector<std::pair<std::string, torch::jit::Module>>;

  torch::jit::Module declare(const Node& node, const ModulePlan& plan, const Children& children) {
    const std::string name =
        plan.class_name + (plan.text.empty() ? "_" + std::to_string(classes_.size()) : "");
    torch::jit::Module module(c10::QualifiedName("__torch__.da3." + name), unit_, /*shouldMangle=*/true);
    module.register_attribute("training", c10::BoolType::get(), false);
    for (const auto& [key, value] : plan.attributes) {
      // The type of a tensor's value holds its sizes, which differ between modules of one class.
      module.register_attribute(key, value.isTensor() ? c10::TensorType::get() : value.type(), value);
    }
    for (const auto& [key, tensor] : node.tensors)
      module.register_parameter(key, tensor, /*is_buffer=*/false);
    for (const auto& [key, child] : children) module.register_module(key, child);
    if (!plan.text.empty()) module.define(plan.text, std::make_shared<OperatorResolver>());
    return module;
  }

  static torch::jit::Module fill(torch::jit::Module module, const Node& node, const ModulePlan& plan,
                                 const Children& children) {
    module.setattr("training", false);
    for (const auto& [key, value] : plan.attributes) module.setattr(key, value);
    for (const auto& [key, tensor] : node.tensors) module.setattr(key, tensor);
    for (const auto& [key, child] : children) module.setattr(key, child._ivalue());
    return module;
  }

  inline static const ModulePlan kNoPlan{"Tensors", "", {}};

  const std::map<std::string, ModulePlan>& plans_;
  std::shared_ptr<torch::jit::CompilationUnit> unit_ = std::make_shared<torch::jit::CompilationUnit>();
  std::map<std::string, c10::ClassTypePtr> classes_;
};

}  // namespace

torch::jit::Module build_module_tree(const std::map<std::string, at::Tensor>& tensors_by_path,
                                     const std::map<std::string, ModulePlan>& plans_by_path) {
  return Builder(plans_by_path).build(make_tree(tensors_by_path, plans_by_path), "");
}

}  // namespace da3::engine
