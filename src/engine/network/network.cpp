// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <exception>
#include <utility>

#include <da3/error.hpp>

#include <engine/network/block_products.hpp>
#include <engine/network/branches.hpp>
#include <engine/network/module_tree.hpp>
#include <engine/network/network.hpp>
#include <engine/network/network_plans.hpp>
#include <engine/network/tensor_layouts.hpp>
#include <engine/network/winograd_convolutions.hpp>
#include <engine/operators/own_convolution.hpp>
#include <engine/torch_errors.hpp>
#include <weights/model_config.hpp>
#include <weights/tensor_list.hpp>

namespace da3::engine {

std::string network_id(const weights::NetworkConfig& config) {
  if (config.nested()) return "da3-nested";
  return config.main.head.kind == weights::HeadKind::kDualDpt ? "da3-anyview" : "da3-mono";
}

bool knows_network(std::string_view id, int layout) {
  const bool known = id == "da3-anyview" || id == "da3-mono" || id == "da3-nested";
  return known && layout >= 1 && layout <= kNewestLayout;
}

Parts parts_of(const weights::NetworkConfig& config) {
  return {.camera_encoder = config.main.camera_encoder.has_value(),
          .rays = config.main.head.kind == weights::HeadKind::kDualDpt,
          .gaussians = config.main.gaussian_head.has_value()};
}

Parts stored_parts(const weights::NetworkConfig& config, int layout) {
  return layout > kLayoutWithoutParts ? parts_of(config) : Parts{};
}

Parts needed_parts(std::string_view network_id, Parts wishes) {
  wishes.cameras = wishes.cameras || network_id == "da3-nested";
  return wishes;
}

bool is_needed(const weights::TensorEntry& entry, const Parts& parts) {
  switch (entry.use) {
    case weights::TensorUse::kDepth:
      return true;
    case weights::TensorUse::kPose:
      return parts.cameras;
    case weights::TensorUse::kCameraInput:
      return parts.camera_encoder;
    case weights::TensorUse::kRay:
      return parts.rays;
    case weights::TensorUse::kGaussians:
      return parts.gaussians;
    case weights::TensorUse::kNever:
      break;
  }
  return false;
}

std::string module_path(std::string_view published_name) {
  constexpr std::string_view kPrefix = "model.";
  if (published_name.starts_with(kPrefix)) published_name.remove_prefix(kPrefix.size());
  return std::string(published_name);
}

namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::kModelContract, "A network " + what + " cannot be built");
}

void check_branch(const weights::BranchConfig& branch) {
  if (branch.backbone.rope_start != branch.backbone.qknorm_start) {
    refuse("whose rope_start " + std::to_string(branch.backbone.rope_start) +
           " differs from its qknorm_start " + std::to_string(branch.backbone.qknorm_start));
  }
  if (branch.head.kind == weights::HeadKind::kDualDpt && !branch.camera_decoder) {
    refuse("with the head DualDPT and without a camera decoder");
  }
}

void check_config(const weights::NetworkConfig& config) {
  for (const Branch& branch : branches(config)) check_branch(*branch.config);
  if (!config.nested()) return;
  if (config.main.head.kind != weights::HeadKind::kDualDpt ||
      config.metric->head.kind != weights::HeadKind::kDpt) {
    refuse("that is nested and has another head than DualDPT in 'anyview' or than DPT in 'metric'");
  }
}

/// Files of layout 1 may be the published tensors, with every part.
void check_parts(const weights::NetworkConfig& config, int layout, const Parts& parts) {
  const Parts known = parts_of(config);
  const Parts stored = layout == 1 ? known : stored_parts(config, layout);
  const auto check = [](bool wanted, bool exists, bool is_here, const std::string& name,
                        const std::string& use) {
    if (!wanted || is_here) return;
    throw Error(ErrorCode::kModelContract,
                exists ? "this file has no " + name + ", which " + use +
                             "; make it again from the published weights with 'da3 model pull' or 'da3 model "
                             "export', without --depth-only"
                       : "this network has no " + name + ", which " + use);
  };
  check(parts.camera_encoder, known.camera_encoder, stored.camera_encoder, "camera encoder",
        "given cameras need");
  check(parts.rays, known.rays, stored.rays, "ray head", "cameras from rays need");
  check(parts.gaussians, known.gaussians, stored.gaussians, "Gaussian head",
        "Gaussians need; da3-giant and da3nested-giant-large have one");
}

void define(torch::jit::Module& module, const std::string& text, const weights::NetworkConfig& config) {
  try {
    module.define(text);
  } catch (const std::exception& error) {
    throw translate(error, ErrorCode::kInternal, "Building the network " + network_id(config));
  }
}

}  // namespace

UncompiledNetwork::UncompiledNetwork(const weights::NetworkConfig& config, int layout, TensorMap tensors,
                                     Attention attention, const Lowering& lowering, const Parts& wishes)
    : id_(network_id(config)), packing_(std::make_unique<WinogradPacking>()) {
  if (!knows_network(id_, layout)) {
    throw Error(ErrorCode::kModelContract, "This version cannot build the network " + id_ +
                                               " in tensor layout " + std::to_string(layout) +
                                               "; a newer da3 may");
  }
  check_config(config);
  check_parts(config, layout, wishes);
  const Parts parts = needed_parts(id_, wishes);
  tensors_ = select_tensors(config, layout, parts, tensors);
  tensors.clear();  // Whoever is replaced below goes at once.
  try {
    if (layout == 1) tensors_ = fold_tensors(config, std::move(tensors_));
    plans_ = network_plans(config, parts, attention != Attention::kManual, lowering);
    const auto factors = lowering.int16_ends ? ConvolutionFactors::kInt16 : ConvolutionFactors::kFloat;
    if (lowering.own_kernels) use_winograd(tensors_, plans_, factors, *packing_);
    lower_block_products(tensors_, plans_, lowering);
    packing_->start();
  } catch (const std::exception& error) {
    throw translate(error, ErrorCode::kInternal, "Building the network " + id_);
  }
}

UncompiledNetwork::UncompiledNetwork(UncompiledNetwork&&) noexcept = default;
UncompiledNetwork::~UncompiledNetwork() = default;

torch::jit::Module UncompiledNetwork::compile() && {
  try {
    torch::jit::Module module = build_module_tree(tensors_, plans_);
    packing_->finish();
    return module;
  } catch (const std::exception& error) {
    throw translate(error, ErrorCode::kInternal, "Building the network " + id_);
  }
}

torch::jit::Module build_network(const weights::NetworkConfig& config, int layout, TensorMap tensors,
                                 Attention attention, const Lowering& lowering, const Parts& parts) {
  torch::jit::Module module =
      UncompiledNetwork(config, layout, std::move(tensors), attention, lowering, parts).compile();
  define(module, contract_text(config, parts), config);
  return module;
}

void offer_scenes(torch::jit::Module& module, const weights::NetworkConfig& config, const Parts& parts) {
  const std::string text = scene_text(config, parts);
  if (!text.empty()) define(module, text, config);
}

}  // namespace da3::engine
