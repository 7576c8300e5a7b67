// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string_view>
#include <unordered_map>

#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/ir/subgraph_matcher.h>
#include <torch/csrc/jit/passes/subgraph_rewrite.h>
#include <torch/version.h>

#include <da3/error.hpp>

#include <engine/attention_mode.hpp>
#include <engine/device/devices.hpp>

namespace da3::engine {
namespace {

using torch::jit::Graph;

// Files of every age show these eight inputs: older ones are brought up to date when they are loaded.
constexpr std::string_view kCall = R"IR(
graph(%q, %k, %v, %mask, %dropout, %causal, %scale, %gqa):
  %r = aten::scaled_dot_product_attention(%q, %k, %v, %mask, %dropout, %causal, %scale, %gqa)
  return (%r))IR";

// softmax(q scale k^T) v. The scale is either given or 1 / sqrt(d).
constexpr std::string_view kWrittenOutHead = R"IR(
graph(%q, %k, %v, %mask, %dropout, %causal, %scale, %gqa):
  %last : int = prim::Constant[value=-1]()
  %but_last : int = prim::Constant[value=-2]()
  %none : NoneType = prim::Constant())IR";
constexpr std::string_view kOwnScale = R"IR(
  %root : float = prim::Constant[value=-0.5]()
  %width : int = aten::size(%q, %last)
  %factor : float = aten::pow(%width, %root))IR";
constexpr std::string_view kWrittenOutTail = R"IR(
  %scaled : Tensor = aten::mul(%q, %FACTOR)
  %turned : Tensor = aten::transpose(%k, %but_last, %last)
  %scores : Tensor = aten::matmul(%scaled, %turned)
  %weights : Tensor = aten::softmax(%scores, %last, %none)
  %r : Tensor = aten::matmul(%weights, %v)
  return (%r))IR";

std::string written_out(bool scale_given) {
  std::string tail(kWrittenOutTail);
  constexpr std::string_view kPlace = "FACTOR";
  tail.replace(tail.find(kPlace), kPlace.size(), scale_given ? "scale" : "factor");
  return std::string(kWrittenOutHead) + std::string(scale_given ? "" : kOwnScale) + tail;
}

int count_calls(const torch::jit::Block& block) {
  static const auto kind = c10::Symbol::fromQualString("aten::scaled_dot_product_attention");
  int calls = 0;
  for (const torch::jit::Node* const node : block.nodes()) {
    if (node->kind() == kind) ++calls;
    for (const torch::jit::Block* const inner : node->blocks()) calls += count_calls(*inner);
  }
  return calls;
}

/// Graphs of all functions and methods that came with the module.
std::vector<std::shared_ptr<Graph>> graphs(const torch::jit::Module& module) {
  std::vector<std::shared_ptr<Graph>> found;
  for (torch::jit::Function* const function : module._ivalue()->compilation_unit()->get_functions()) {
    if (auto* const scripted = torch::jit::tryToGraphFunction(*function)) found.push_back(scripted->graph());
  }
  return found;
}

int count_calls(const torch::jit::Module& module) {
  int calls = 0;
  for (const auto& graph : graphs(module)) calls += count_calls(*graph->block());
  return calls;
}

using Values = std::unordered_map<std::string, torch::jit::Value*>;

/// Whether a call is plain: no mask, no dropout, not causal, no groups; and the scale is given or not.
bool is_plain(const torch::jit::Match& match, const Values& names, bool scale_given) {
  const auto constant = [&](const char* name) {
    return torch::jit::toIValue(match.values_map.at(names.at(name)));
  };
  const auto mask = constant("mask");
  const auto dropout = constant("dropout");
  const auto causal = constant("causal");
  const auto gqa = constant("gqa");
  if (!mask || !mask->isNone() || !dropout || dropout->toScalar().toDouble() != 0.0) return false;
  if (!causal || causal->toBool() || !gqa || gqa->toBool()) return false;
  const auto scale = constant("scale");
  if (!scale) return false;
  return scale_given ? !scale->isNone() : scale->isNone();
}

void write_out_calls(const torch::jit::Module& module) {
  for (const bool scale_given : {false, true}) {
    torch::jit::SubgraphRewriter rewriter;
    rewriter.RegisterRewritePattern(std::string(kCall), written_out(scale_given));
    for (auto& graph : graphs(module)) {
      std::shared_ptr<Graph> target = graph;
      rewriter.runOnGraph(target, [scale_given](const torch::jit::Match& match, const Values& names) {
        return is_plain(match, names, scale_given);
      });
    }
  }
}

[[noreturn]] void refuse(const std::string& subject, Attention wanted, const std::string& reason) {
  throw Error(ErrorCode::kPrecisionUnsupported,
              subject + ": attention \"" + std::string(to_string(wanted)) + "\" is not possible: " + reason);
}

}  // namespace

Attention default_attention(const DeviceId& device) {
  // LibTorch's MPS kernels built the whole N x N matrix in float32, at half the speed of plain products,
  // before 2.13.
  constexpr bool kGoodMpsAttention =
      TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 13);
  if (device.kind == DeviceKind::kMps) return kGoodMpsAttention ? Attention::kSdpa : Attention::kManual;
  return Attention::kSdpa;
}

Attention set_attention(torch::jit::Module& module, std::optional<Attention> wanted, Attention otherwise,
                        const std::string& subject) {
  const bool any = !wanted || *wanted == Attention::kFixed;
  const Attention mode = any ? otherwise : *wanted;
  if (module.hasattr("use_sdpa")) {
    module.setattr("use_sdpa", mode == Attention::kSdpa);
    return mode;
  }
  const int calls = count_calls(module);
  if (calls == 0) {
    if (!any) refuse(subject, mode, "the file offers no choice (no attribute use_sdpa, no call of SDPA)");
    return Attention::kFixed;
  }
  if (any || mode == Attention::kSdpa) return Attention::kSdpa;
  write_out_calls(module);
  if (const int left = count_calls(module); left != 0) {
    refuse(subject, mode,
           std::to_string(left) + " of " + std::to_string(calls) +
               " calls of SDPA have a mask, dropout or grouped heads and cannot be written out");
  }
  return Attention::kManual;
}

}  // namespace da3::engine
