// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string_view>

#include <ATen/ATen.h>

#include <engine/network/winograd_convolutions.hpp>
#include <engine/network_text.hpp>
#include <engine/operators/own_convolution.hpp>

namespace da3::engine {
namespace {

/// Maps of a quarter of the patches, and the two widest inputs: too few tiles for the weights that they would
/// read.
constexpr std::array<std::string_view, 4> kDirect{".layer3_rn", ".layer4_rn", ".refinenet4.",
                                                  ".refinenet4_aux."};

bool is_direct(std::string_view path) {
  for (const std::string_view part : kDirect) {
    if (path.find(part) != std::string_view::npos) return true;
  }
  return false;
}

bool suits(const at::Tensor& weight) {
  return weight.size(0) % kConv3ChannelMultiple == 0 && weight.size(1) % kConv3ChannelMultiple == 0;
}

}  // namespace

void use_winograd(const TensorMap& tensors, std::map<std::string, ModulePlan>& plans,
                  ConvolutionFactors factors, WinogradPacking& packing) {
  for (auto& [path, plan] : plans) {
    if (plan.layer != Layer::kConv3) continue;
    const at::Tensor& weight = tensors.at(path + ".weight");
    if (is_direct(path) || !suits(weight)) continue;
    plan.class_name += "Own";
    plan.text = network_text::k_conv3_own;
    plan.attributes["packed"] = packing.add(weight, factors);
  }
}

}  // namespace da3::engine
