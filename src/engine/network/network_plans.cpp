// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <initializer_list>
#include <string_view>

#include <engine/kernels/kernels.hpp>
#include <engine/network/branches.hpp>
#include <engine/network/network_plans.hpp>
#include <engine/network_text.hpp>
#include <engine/operators/patch_tokens.hpp>
#include <weights/model_config.hpp>

namespace da3::engine {
namespace {

using Plans = std::map<std::string, ModulePlan>;
namespace text = network_text;

std::string join(std::initializer_list<std::string_view> pieces) {
  std::string joined;
  for (const std::string_view piece : pieces) joined += std::string(piece) + "\n";
  return joined;
}

// TorchScript cannot index a module's children by a number, so the choice is written out.
std::string dispatch_text(int num_blocks) {
  std::string chosen =
      "def forward(self, i: int, x: Tensor, views: int, cos: Tensor, sin: Tensor, use_sdpa: bool) -> "
      "Tensor:\n";
  for (int i = 0; i < num_blocks; ++i) {
    const std::string number = std::to_string(i);
    chosen += "    if i == " + number + ":\n        x = getattr(self, \"" + number +
              "\").forward(x, views, cos, sin, use_sdpa)\n";
  }
  return chosen + "    return x\n";
}

// The sizes that da3's operators take (own_operators.hpp).
constexpr int kOwnHeadMultiple = 32;
constexpr int kOwnRotatedMultiple = 64;
constexpr int kInt8Head = 64;
constexpr int kOwnTailMultiple = 16;

ModulePlan attention_plan(const weights::BackboneConfig& config, int block, const Lowering& lowering) {
  const bool own = lowering.own_kernels && config.head_dim() % kOwnHeadMultiple == 0;
  const bool int8 = lowering.int8_attention && config.head_dim() == kInt8Head;
  const std::string_view fused = !own                      ? text::k_attend_sdpa
                                 : int8                    ? text::k_attend_own_int8
                                 : lowering.bf16_attention ? text::k_attend_own_bf16
                                                           : text::k_attend_own;
  const std::string attend = join({fused, text::k_attend});
  const std::map<std::string, at::IValue> attributes{{"num_heads", config.num_heads}};
  const bool rotary = config.rope_start >= 0 && block >= config.rope_start;
  if (!rotary) return {"Attention", join({attend, text::k_attention}), attributes};
  if (own && config.head_dim() % kOwnRotatedMultiple == 0) {
    return {"RotaryAttentionOwn", join({attend, text::k_rotated, text::k_attention_rotary_own}), attributes};
  }
  ModulePlan plan{"RotaryAttention", join({attend, text::k_attention_rotary}), attributes};
  plan.products = 3;  // Queries and keys are normed apart
  return plan;
}

std::string_view dense_text(const Lowering& lowering) {
  if (lowering.own_products) return text::k_dense_own;
  return lowering.onednn_products ? text::k_dense_onednn : text::k_dense;
}

std::string head_dense_text(const Lowering& lowering) {
  if (!lowering.int16_ends) return std::string(dense_text(lowering));
  return join({lowering.int8_head ? text::k_low_kind_int8 : text::k_low_kind_int16, text::k_dense_low});
}

/// Layers with 8-bit products are put in their place later (block_products.hpp).
std::string_view linear_text(const Lowering& lowering) {
  if (lowering.block_products == BlockProducts::kBf16) return text::k_linear_bf16;
  if (lowering.own_products) return text::k_linear_own;
  return lowering.onednn_products ? text::k_linear_onednn : text::k_linear;
}

ModulePlan grid_plan(const weights::BackboneConfig& config, const Lowering& lowering) {
  const std::string_view rotary = config.alt_start < 0 ? "" : text::k_rotary;
  if (lowering.int16_ends && suits_patch_tokens(config.embed_dim)) {
    return {"GridLow", join({text::k_grid, text::k_patches_low, rotary}), {{"patch", weights::kPatchSize}}};
  }
  return {"Grid", join({dense_text(lowering), text::k_grid, text::k_patches, rotary}), {}};
}

void add_backbone(Plans& plans, const std::string& path, const weights::BackboneConfig& config,
                  const Lowering& lowering) {
  const bool fused = lowering.own_products && lowering.block_products == BlockProducts::kFloat;
  const std::string_view gelu = fused                  ? text::k_gelu_fused
                                : lowering.own_kernels ? text::k_gelu_own
                                                       : text::k_gelu;
  const bool own_norm = lowering.own_kernels && config.embed_dim % kernels::kNormedDepth == 0;
  const bool plain = config.alt_start < 0;
  c10::List<std::int64_t> out_layers;
  for (const int layer : config.out_layers) out_layers.push_back(layer);
  plans[path] = {plain ? "PlainBackbone" : "AnyviewBackbone",
                 plain ? std::string(text::k_backbone_plain)
                       : join({own_norm ? text::k_feature_own : text::k_feature, text::k_backbone_anyview}),
                 {{"num_blocks", config.used_blocks()},
                  {"num_heads", config.num_heads},
                  {"alt_start", config.alt_start},
                  {"out_layers", out_layers}}};
  plans[path + ".blocks"] = {"Blocks", dispatch_text(config.used_blocks()), {}};
  plans[path + ".grid"] = grid_plan(config, lowering);
  if (!plain) plans[path + ".views"] = {"Views", std::string(text::k_views), {}};
  for (int i = 0; i < config.used_blocks(); ++i) {
    const std::string block = path + ".blocks." + std::to_string(i);
    plans[block] = {"Block", join({own_norm ? text::k_norm_own : text::k_norm, text::k_block}), {}};
    plans[block + ".attn"] = attention_plan(config, i, lowering);
    const bool swiglu = config.feed_forward == weights::FeedForward::kSwiGlu;
    plans[block + ".mlp"] = swiglu ? ModulePlan{"SwiGlu", std::string(text::k_swiglu), {}}
                                   : ModulePlan{"Mlp", join({gelu, text::k_mlp}), {}};
    for (const char* const linear :
         {".attn.qkv", ".attn.proj", swiglu ? ".mlp.w12" : ".mlp.fc1", swiglu ? ".mlp.w3" : ".mlp.fc2"}) {
      plans[block + linear] = {"Linear", std::string(linear_text(lowering)), {}, Layer::kLinear};
    }
    plans[block + ".attn.qkv"].products = plans[block + ".attn"].products;
    if (swiglu) plans[block + ".mlp.w12"].products = 2;  // The gate and what it lets through
  }
}

ModulePlan conv3_plan(bool with_bias) {
  if (with_bias) return {"Conv3", std::string(text::k_conv3), {}, Layer::kConv3};
  return {"PlainConv3", std::string(text::k_conv3), {{"bias", at::IValue()}}, Layer::kConv3};
}

/// The fusion blocks refinenet1 to 4, each with `suffix`.
void add_fusion(Plans& plans, const std::string& scratch, const std::string& suffix,
                const Lowering& lowering) {
  const std::string out = lowering.own_products ? join({head_dense_text(lowering), text::k_fusion_out_own})
                                                : std::string(text::k_fusion_out);
  for (int level = 1; level <= 4; ++level) {
    const std::string fusion = scratch + "refinenet" + std::to_string(level) + suffix;
    const bool top = level == 4;
    plans[fusion] = {top ? "TopFusion" : "Fusion",
                     join({out, text::k_fusion_resize, top ? text::k_fusion_top : text::k_fusion}),
                     {}};
    for (int i = top ? 2 : 1; i <= 2; ++i) {
      const std::string unit = fusion + ".resConfUnit" + std::to_string(i);
      plans[unit] = {"ResidualUnit", std::string(text::k_residual_unit), {}};
      plans[unit + ".conv1"] = conv3_plan(true);
      plans[unit + ".conv2"] = conv3_plan(true);
    }
  }
}

/// What every head with a pyramid has, at `path`.
void add_pyramid(Plans& plans, const std::string& path, const Lowering& lowering) {
  const std::string scratch = path + ".scratch.";
  plans[path + ".maps"] = {"Maps",
                           join({head_dense_text(lowering),
                                 lowering.int16_ends ? text::k_halve_low : text::k_halve, text::k_maps}),
                           {}};
  add_fusion(plans, scratch, "", lowering);
  for (int level = 1; level <= 4; ++level) {
    plans[scratch + "layer" + std::to_string(level) + "_rn"] = conv3_plan(false);
  }
  plans[scratch + "output_conv1"] = conv3_plan(true);
}

void add_ray_head(Plans& plans, const std::string& scratch, const Lowering& lowering) {
  constexpr int kNumConvolutions = 5;
  add_fusion(plans, scratch, "_aux", lowering);
  for (int i = 0; i < kNumConvolutions; ++i) {
    plans[scratch + "output_conv1_aux.3." + std::to_string(i)] = conv3_plan(true);
  }
}

ModulePlan uv_plan() {
  return {"PositionEmbedding", std::string(text::k_uv), {}};
}

void add_gaussian_head(Plans& plans, const std::string& path, const Lowering& lowering) {
  plans[path] = {"GaussianHead",
                 join({text::k_pyramid, text::k_fuse, text::k_head_gaussian_py}),
                 {{"patch", weights::kPatchSize}}};
  plans[path + ".uv"] = uv_plan();
  add_pyramid(plans, path, lowering);
}

void add_camera_encoder(Plans& plans, const std::string& path, const weights::CameraEncoderConfig& config) {
  std::string trunk = "def through_trunk(self, x: Tensor) -> Tensor:\n";
  for (int i = 0; i < config.trunk_depth; ++i) {
    const std::string number = std::to_string(i);
    trunk += "    x = getattr(self.trunk, \"" + number + "\").forward(x)\n";
    plans[path + ".trunk." + number] = {
        "EncoderBlock", std::string(text::k_encoder_block), {{"num_heads", config.num_heads}}};
  }
  plans[path] = {"CameraEncoder", join({trunk + "    return x\n", text::k_camera_encoder}), {}};
}

void add_head(Plans& plans, const std::string& path, const weights::HeadConfig& config, bool rays,
              const Lowering& lowering) {
  const bool dual = config.kind == weights::HeadKind::kDualDpt;
  const bool own_tail = lowering.own_kernels && config.features / 2 % kOwnTailMultiple == 0;
  const std::string_view packed = lowering.int16_ends ? text::k_packed_int16 : text::k_packed_float;
  const std::string last_stage =
      own_tail ? join({packed, text::k_last_stage_own}) : std::string(text::k_last_stage);
  plans[path] = {dual ? "DualHead" : "SkyHead",
                 dual ? join({text::k_pyramid, text::k_head_dual, rays ? text::k_rays : text::k_no_rays})
                      : join({text::k_pyramid, text::k_fuse, text::k_head_sky_py, text::k_quantile_py}),
                 {{"patch", weights::kPatchSize}}};
  plans[path + ".tail"] = {"Tail", last_stage, {}};
  if (dual) plans[path + ".uv"] = uv_plan();
  add_pyramid(plans, path, lowering);
  if (rays) add_ray_head(plans, path + ".scratch.", lowering);
}

}  // namespace

Plans network_plans(const weights::NetworkConfig& config, const Parts& parts, bool use_sdpa,
                    const Lowering& lowering) {
  const bool anyview = config.main.head.kind == weights::HeadKind::kDualDpt;
  Plans plans;
  ModulePlan& top = plans[""];
  top.attributes = {{"use_sdpa", use_sdpa}};
  if (config.nested()) {
    top.class_name = "NestedNetwork";
    top.text =
        join({text::k_network_nested, text::k_quantile_py, parts.camera_encoder ? text::k_nested_cameras : "",
              parts.gaussians ? text::k_nested_gaussians : ""});
  } else if (anyview) {
    top.class_name = "AnyviewNetwork";
    top.text = join({text::k_network_branch, parts.cameras ? text::k_network_pose : "",
                     parts.camera_encoder ? text::k_network_cameras : "",
                     parts.gaussians ? text::k_network_gaussians : ""});
  } else {
    top.class_name = "MonoNetwork";
    top.text = text::k_network_branch;
  }
  for (const auto& [prefix, branch] : branches(config)) {
    const bool dual = branch->head.kind == weights::HeadKind::kDualDpt;
    add_backbone(plans, prefix + "backbone.pretrained", branch->backbone, lowering);
    add_head(plans, prefix + "head", branch->head, dual && parts.rays, lowering);
    if (!dual) continue;
    if (parts.cameras) plans[prefix + "cam_dec"] = {"CameraDecoder", std::string(text::k_camera_py), {}};
    if (parts.camera_encoder) add_camera_encoder(plans, prefix + "cam_enc", *branch->camera_encoder);
    if (parts.gaussians) add_gaussian_head(plans, prefix + "gs_head", lowering);
  }
  return plans;
}

std::string contract_text(const weights::NetworkConfig& config, const Parts& parts) {
  if (config.nested()) return join({text::k_contract, text::k_contract_nested});
  const bool cameras = config.main.head.kind == weights::HeadKind::kDualDpt && parts.cameras;
  return join({text::k_contract, text::k_contract_branch, cameras ? text::k_contract_pose : ""});
}

std::string scene_text(const weights::NetworkConfig& config, const Parts& parts) {
  if (config.main.head.kind != weights::HeadKind::kDualDpt) return "";
  const std::string common =
      join({text::k_scene, parts.camera_encoder ? text::k_scene_tokens : text::k_scene_no_tokens});
  if (config.nested()) {
    return join({common, text::k_scene_nested, parts.rays ? text::k_scene_nested_rays : "",
                 parts.gaussians ? text::k_scene_nested_gaussians : ""});
  }
  return join({common, text::k_scene_branch, parts.rays ? text::k_scene_branch_rays : "",
               parts.gaussians ? text::k_scene_branch_gaussians : ""});
}

}  // namespace da3::engine
