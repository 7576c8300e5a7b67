// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <ATen/Config.h>
#include <ATen/Context.h>

#include <engine/cpu_operators.hpp>
#include <engine/kernels/kernels.hpp>
#include <engine/network/int8_linears.hpp>

namespace da3::engine {
namespace {

/// A part of the networks: what runs with own kernels, what without, and why (docs/performance.md has the
/// figures).
struct Part {
  const char* purpose;
  const char* own;
  const char* libtorch;
  const char* reason;
};

constexpr Part kParts[] = {
    {"attention core, cpu", "da3::attention", "scaled_dot_product_attention",
     "queries, keys and softmax of a block stay in the second-level cache"},
    {"q/k norm and rotary embedding, cpu", "da3::norm_rotate_", "layer_norm, flip, mul, addcmul_",
     "one pass over the joint product, which brings the bias along"},
    {"gelu, cpu", "da3::gelu_", "gelu_", "vectorised erf, with the bias of the layer before"},
    {"3x3 convolutions on wide maps, cpu", "da3::conv3, Winograd F(4x4, 3x3)", "conv2d, channels_last",
     "a quarter of the products; ReLU and residual on the way"},
    {"3x3 convolutions on small maps, cpu", "conv2d, channels_last", "conv2d, channels_last",
     "too few tiles for the transformed weights"},
    {"last stage, cpu", "da3::depth_tail, Winograd F(4x4, 3x3)", "upsample_bilinear2d, conv2d, conv2d",
     "in tiles, the upsampled map never exists"},
};

std::string engine_name(at::QEngine engine) {
  std::string name = toString(engine);
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return name;
}

}  // namespace

CpuOperatorFacts cpu_operator_facts() {
  CpuOperatorFacts facts;
  if (const kernels::Kernels* const own = kernels::kernels()) facts.kernels = own->name;
  facts.blas = at::hasMKL() ? "mkl" : "libtorch's blas";
  if (const auto engine = int8_engine()) facts.int8_engine = engine_name(*engine);
  return facts;
}

std::vector<OperatorChoice> cpu_operators(const CpuOperatorFacts& facts) {
  std::vector<OperatorChoice> table;
  table.push_back({"linear layers, cpu, fp32", "linear, addmm_ (" + facts.blas + ")",
                   "packed weights and an own product were no faster where it was measured"});
  const bool int8 = !facts.int8_engine.empty();
  table.push_back({"linear layers, cpu, int8", int8 ? "linear_dynamic (" + facts.int8_engine + ")" : "none",
                   int8 ? "8-bit weights for each output, 7-bit inputs: only when named"
                        : "this LibTorch has no engine for 8-bit products on this processor"});
  const bool own = !facts.kernels.empty();
  for (const Part& part : kParts) {
    const std::string choice = own ? part.own : part.libtorch;
    const bool is_own = choice.starts_with("da3::");
    table.push_back({part.purpose, choice + (is_own ? " (" + facts.kernels + ")" : ""),
                     own ? part.reason : "da3 has no kernels for this processor"});
  }
  return table;
}

}  // namespace da3::engine
