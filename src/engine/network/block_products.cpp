// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string_view>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <engine/network/block_products.hpp>
#include <engine/network/smoothing.hpp>
#include <engine/network_text.hpp>
#include <engine/operators/low_products.hpp>
#include <engine/operators/patch_tokens.hpp>

namespace da3::engine {
namespace {

namespace text = network_text;

/// Fastest first on the processors that were measured (docs/lab/linear-layers.md).
constexpr std::array kEngines{at::QEngine::ONEDNN, at::QEngine::X86, at::QEngine::FBGEMM};

constexpr std::int64_t kRowsPerTask = 32;
constexpr float kRounding = 12582912.0F;  // 1.5 * 2^23

}  // namespace

std::optional<at::QEngine> int8_engine() {
  const std::vector<at::QEngine>& there = at::globalContext().supportedQEngines();
  const auto* const found = std::find_if(kEngines.begin(), kEngines.end(), [&](at::QEngine engine) {
    return std::find(there.begin(), there.end(), engine) != there.end();
  });
  if (found == kEngines.end()) return std::nullopt;
  return *found;
}

at::Tensor quantize_rows(const at::Tensor& weight) {
  const at::Tensor rows = weight.contiguous();
  // A row of zeros keeps a scale above zero.
  const at::Tensor scales = rows.abs().amax({1}).to(at::kDouble).div_(127.0).clamp_min_(1e-12);
  at::Tensor codes = at::empty(rows.sizes(), rows.options().dtype(at::kChar));
  const std::int64_t width = rows.size(1);
  at::parallel_for(0, rows.size(0), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const float* const from = rows.const_data_ptr<float>() + row * width;
      std::int8_t* const to = codes.mutable_data_ptr<std::int8_t>() + row * width;
      const float inverse = 1.0F / static_cast<float>(scales.const_data_ptr<double>()[row]);
      for (std::int64_t i = 0; i < width; ++i) {
        // The sum's last bits are the nearest integer, ties to even.
        to[i] = static_cast<std::int8_t>(std::bit_cast<std::uint32_t>(from[i] * inverse + kRounding));
      }
    }
  });
  return at::_make_per_channel_quantized_tensor(codes, scales, at::zeros({rows.size(0)}, at::kLong), 0);
}

at::IValue pack_int8(const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor quantized = quantize_rows(weight);
  const auto prepack = c10::Dispatcher::singleton().findSchemaOrThrow("quantized::linear_prepack", "");
  torch::jit::Stack stack{quantized, bias.contiguous()};
  prepack.callBoxed(&stack);
  return stack.front();
}

bool has_int8_engine() {
  return int8_engine().has_value();
}

namespace {

using Plans = std::map<std::string, ModulePlan>;

/// True if da3's own products take the layer.
bool is_low(const TensorMap& tensors, const Plans& plans, BlockProducts products, const std::string& path) {
  const auto plan = plans.find(path);
  if (plan == plans.end() || plan->second.layer != Layer::kLinear) return false;
  const at::Tensor& weight = tensors.at(path + ".weight");
  const int parts = plan->second.products;
  // Each part is a separate product.
  return weight.size(0) % parts == 0 &&
         suits_low_products(products, weight.narrow(0, 0, weight.size(0) / parts));
}

void make_low(TensorMap& tensors, Plans& plans, BlockProducts products, const std::string& path,
              bool normed) {
  const std::optional<at::Tensor> factors = smooth_weight(tensors, path);
  const auto weight = tensors.find(path + ".weight");
  plans.at(path) = {std::string(factors ? "Smooth" : "") + (normed ? "LowNormedLinear" : "LowLinear"),
                    std::string(normed ? text::k_linear_low_normed : text::k_linear_low),
                    {{"kind", static_cast<std::int64_t>(products)},
                     {"packed", pack_low_product(products, weight->second)},
                     {"factors", factors ? at::IValue(*factors) : at::IValue()}}};
  tensors.erase(weight);
}

/// Layers that da3's own products take, the norms before them and the GELU behind them.
void use_low_products(TensorMap& tensors, Plans& plans, BlockProducts products) {
  for (auto& [block, plan] : plans) {
    if (plan.class_name != "Block") continue;
    const bool gelu = plans.contains(block + ".mlp.fc1");
    const std::string first = block + (gelu ? ".mlp.fc1" : ".mlp.w12");
    const bool normed =
        is_low(tensors, plans, products, block + ".attn.qkv") && is_low(tensors, plans, products, first);
    if (normed) plan = {"LowBlock", std::string(text::k_block_low), {}};
    ModulePlan& attention = plans.at(block + ".attn");
    if (normed && attention.class_name == "RotaryAttentionOwn") {
      attention.class_name = "RotaryAttentionLow";
      attention.text.replace(attention.text.find(text::k_rotated), text::k_rotated.size(),
                             text::k_rotated_low);
    }
    if (gelu && is_low(tensors, plans, products, first)) {
      ModulePlan& mlp = plans.at(block + ".mlp");
      const bool whole = normed && is_low(tensors, plans, products, block + ".mlp.fc2") &&
                         suits_low_mlp(products, tensors.at(first + ".weight"));
      mlp.class_name = whole ? "WholeLowMlp" : "LowMlp";
      mlp.text =
          whole ? std::string(text::k_mlp_low) : std::string(text::k_gelu_fused) + std::string(text::k_mlp);
    }
    for (const std::string& path :
         {block + ".attn.qkv", first, block + ".attn.proj", block + (gelu ? ".mlp.fc2" : ".mlp.w3")}) {
      const bool behind_norm = path == first || path.ends_with(".qkv");
      if (is_low(tensors, plans, products, path))
        make_low(tensors, plans, products, path, normed && behind_norm);
    }
  }
}

/// The patch embeddings' weights where da3's operator takes them.
void use_codes_in_patches(TensorMap& tensors, const Plans& plans) {
  for (const auto& [path, plan] : plans) {
    if (plan.class_name != "GridLow") continue;
    at::Tensor& weight = tensors.at(path.substr(0, path.size() - 4) + "patch_embed.proj.weight");
    weight = pack_patch_weight(weight);
  }
}

/// The heads' layers that da3's products of 16-bit codes, or of 8-bit ones, take.
void use_codes_in_heads(TensorMap& tensors, Plans& plans, bool bytes) {
  const BlockProducts products = bytes ? BlockProducts::kInt8 : BlockProducts::kInt16;
  const auto packed_or_same = [&](const at::Tensor& matrix, const at::Tensor& weight) {
    return suits_low_products(products, matrix) ? pack_low_product(products, matrix) : weight;
  };
  const auto windows = [](const at::Tensor& weight) { return weight.permute({0, 2, 3, 1}).flatten(1); };
  for (auto& [path, tensor] : tensors) {
    if (path.find("head.") == std::string::npos || !path.ends_with(".weight")) continue;
    const auto is_in = [&](std::string_view part) { return path.find(part) != std::string::npos; };
    const bool dense = is_in(".projects.") || is_in(".resize_layers.0.") || is_in(".resize_layers.1.") ||
                       is_in(".out_conv.");
    if (dense) tensor = packed_or_same(tensor.flatten(1), tensor);
    if (is_in(".resize_layers.3.")) tensor = packed_or_same(windows(tensor), tensor);
  }
  for (auto& [path, plan] : plans) {
    // Those that Winograd does not compute.
    if (plan.layer != Layer::kConv3 || plan.attributes.contains("packed")) continue;
    const auto weight = tensors.find(path + ".weight");
    const at::Tensor matrix = windows(weight->second);
    if (!suits_low_products(products, matrix)) continue;
    plan.class_name += "Low";
    plan.text = std::string(bytes ? text::k_low_kind_int8 : text::k_low_kind_int16) + "\n" +
                std::string(text::k_conv3_low);
    plan.attributes["packed"] = pack_low_product(products, matrix);
    tensors.erase(weight);
  }
}

void quantize(TensorMap& tensors, std::map<std::string, ModulePlan>& plans, bool full_range) {
  const std::optional<at::QEngine> engine = int8_engine();
  TORCH_CHECK(engine.has_value(), "this LibTorch has no engine for 8-bit products on this processor");
  at::globalContext().setQEngine(*engine);
  for (auto& [path, plan] : plans) {
    if (plan.layer != Layer::kLinear) continue;
    const std::optional<at::Tensor> factors = smooth_weight(tensors, path);
    const at::Tensor weight = std::move(tensors.extract(path + ".weight").mapped());
    const at::Tensor bias = std::move(tensors.extract(path + ".bias").mapped());
    const int parts = plan.products;
    constexpr std::array<std::string_view, 4> kMoreText{"", "", text::k_linear_int8_two,
                                                        text::k_linear_int8_three};
    plan = {(factors ? "SmoothInt8Linear" : "Int8Linear") + std::to_string(parts),
            std::string(factors ? text::k_smoothed : text::k_unsmoothed) + std::string(text::k_linear_int8) +
                std::string(kMoreText[static_cast<std::size_t>(parts)]),
            {{"seven_bits", !full_range}}};
    if (factors) plan.attributes["factors"] = *factors;
    const auto weights = weight.chunk(parts, 0);
    const auto biases = bias.chunk(parts, 0);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      plan.attributes["packed" + std::to_string(i)] = pack_int8(weights[i], biases[i]);
    }
  }
}

/// Statistics that start with nothing (smoothing.hpp).
void observe_inputs(const TensorMap& tensors, Plans& plans) {
  for (auto& [path, plan] : plans) {
    if (plan.layer != Layer::kLinear) continue;
    const std::int64_t depth = tensors.at(path + ".weight").size(1);
    plan.class_name = "ObservedLinear";
    plan.text = std::string(text::k_linear_observed);
    plan.attributes = {{"largest", at::zeros({depth})},
                       {"squares", at::zeros({depth})},
                       {"rows", at::zeros({1}, at::kDouble)}};
  }
}

void round_to_bf16(TensorMap& tensors, const std::map<std::string, ModulePlan>& plans) {
  for (const auto& [path, plan] : plans) {
    if (plan.layer != Layer::kLinear) continue;
    at::Tensor& weight = tensors.at(path + ".weight");
    weight = weight.to(at::kBFloat16);
  }
}

}  // namespace

void lower_block_products(TensorMap& tensors, std::map<std::string, ModulePlan>& plans,
                          const Lowering& lowering) {
  if (lowering.observe_inputs) observe_inputs(tensors, plans);
  if (lowering.int16_ends) {
    use_codes_in_patches(tensors, plans);
    use_codes_in_heads(tensors, plans, lowering.int8_head);
  }
  if (lowering.own_low_products) use_low_products(tensors, plans, lowering.block_products);
  if (lowering.block_products == BlockProducts::kBf16) round_to_bf16(tensors, plans);
  if (lowering.block_products == BlockProducts::kInt8) quantize(tensors, plans, lowering.full_int8_range);
}

}  // namespace da3::engine
