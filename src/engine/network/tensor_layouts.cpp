// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <sstream>
#include <string_view>
#include <utility>

#include <ATen/ATen.h>

#include <da3/error.hpp>

#include <engine/network/branches.hpp>
#include <engine/network/smoothing.hpp>
#include <engine/network/tensor_layouts.hpp>
#include <weights/model_config.hpp>
#include <weights/tensor_list.hpp>

namespace da3::engine {
namespace {

std::string shape_text(at::IntArrayRef shape) {
  std::ostringstream text;
  text << shape;
  return text.str();
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool is_folded_away(std::string_view path) {
  const bool in_block = contains(path, ".blocks.") || contains(path, "cam_enc.trunk.");
  return contains(path, "head.norm.") ||
         (in_block && (contains(path, ".norm1.") || contains(path, ".norm2.") || contains(path, ".ls1.") ||
                       contains(path, ".ls2.")));
}

// Transposed convolutions: those whose kernel is their stride.
bool is_enlarging(std::string_view path) {
  return contains(path, ".resize_layers.0.") || contains(path, ".resize_layers.1.");
}

// Output pixels of an input pixel: 4x4 at the first level, 2x2 at the second.
std::int64_t num_pixels(std::string_view path) {
  return contains(path, ".resize_layers.0.") ? 16 : 4;
}

at::Tensor take(TensorMap& tensors, const std::string& path) {
  auto node = tensors.extract(path);
  if (!node) throw Error(ErrorCode::kInternal, "no tensor " + path + " to fold");
  return std::move(node.mapped());
}

// norm(x) * scale + shift, then weight and bias: the same as norm(x) with the results.
void fold_norm(TensorMap& tensors, const std::string& norm, const std::vector<std::string>& linears) {
  const at::Tensor scale = take(tensors, norm + ".weight");
  const at::Tensor shift = take(tensors, norm + ".bias").to(at::kDouble);
  for (const std::string& linear : linears) {
    at::Tensor& weight = tensors.at(linear + ".weight");
    at::Tensor& bias = tensors.at(linear + ".bias");
    const at::Tensor matrix = weight.flatten(1);
    // The sum over all inputs is taken in double, so that the bias is rounded once.
    bias = matrix.to(at::kDouble).mv(shift).add_(bias).to(bias.scalar_type());
    weight = matrix.mul(scale).view_as(weight);
  }
}

// (weight and bias applied to x) * scale.
void fold_scale(TensorMap& tensors, const std::string& scale_path, const std::string& linear) {
  const at::Tensor scale = take(tensors, scale_path + ".gamma");
  at::Tensor& weight = tensors.at(linear + ".weight");
  at::Tensor& bias = tensors.at(linear + ".bias");
  weight = weight.mul(scale.unsqueeze(1));
  bias = bias.mul(scale);
}

void fold_block(TensorMap& tensors, const std::string& block, bool swiglu) {
  fold_norm(tensors, block + ".norm1", {block + ".attn.qkv"});
  fold_norm(tensors, block + ".norm2", {block + (swiglu ? ".mlp.w12" : ".mlp.fc1")});
  fold_scale(tensors, block + ".ls1", block + ".attn.proj");
  fold_scale(tensors, block + ".ls2", block + (swiglu ? ".mlp.w3" : ".mlp.fc2"));
}

void fold_branch(TensorMap& tensors, const Branch& branch) {
  const weights::BackboneConfig& backbone = branch.config->backbone;
  const bool swiglu = backbone.feed_forward == weights::FeedForward::kSwiGlu;
  for (int i = 0; i < backbone.used_blocks(); ++i) {
    fold_block(tensors, branch.prefix + "backbone.pretrained.blocks." + std::to_string(i), swiglu);
  }
  const std::string encoder = branch.prefix + "cam_enc";
  if (branch.config->camera_encoder && tensors.contains(encoder + ".trunk_norm.weight")) {
    for (int i = 0; i < branch.config->camera_encoder->trunk_depth; ++i) {
      fold_block(tensors, encoder + ".trunk." + std::to_string(i), /*swiglu=*/false);
    }
  }
  const std::string head = branch.prefix + "head";
  if (tensors.contains(head + ".norm.weight")) {
    fold_norm(tensors, head + ".norm",
              {head + ".projects.0", head + ".projects.1", head + ".projects.2", head + ".projects.3"});
  }
}

bool is_in_head(std::string_view path) {
  return path.starts_with("head.") || contains(path, ".head.") || contains(path, "gs_head.");
}

// In the order in memory that the networks compute with: the same tensor where it has that.
at::Tensor in_order(const std::string& path, const at::Tensor& tensor) {
  const bool channels_last = is_in_head(path) && tensor.dim() == 4 && tensor.size(3) > 1;
  return tensor.contiguous(channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  throw Error(ErrorCode::kModelContract, "The tensor " + name + " " + what);
}

}  // namespace

std::map<std::string, ExpectedTensor> expected_tensors(const weights::NetworkConfig& config, int layout,
                                                       const Parts& parts) {
  std::map<std::string, ExpectedTensor> expected;
  for (const weights::TensorEntry& entry : weights::tensor_list(config)) {
    if (!is_needed(entry, parts)) continue;
    const std::string path = module_path(entry.name);
    std::vector<std::int64_t> shape = entry.shape;
    if (layout >= 2 && is_folded_away(path)) continue;
    if (layout >= 2 && is_enlarging(path)) {
      const std::int64_t channels = entry.shape[0];
      shape = {num_pixels(path) * channels};
      if (entry.shape.size() > 1) shape.push_back(channels);
    }
    expected.emplace(path, ExpectedTensor{entry.name, std::move(shape)});
  }
  return expected;
}

TensorMap select_tensors(const weights::NetworkConfig& config, int layout, const Parts& parts,
                         const TensorMap& tensors) {
  TensorMap selected;
  for (const auto& [path, expected] : expected_tensors(config, layout, parts)) {
    const auto found = tensors.find(path);
    if (found == tensors.end()) refuse(expected.name, shape_text(expected.shape) + " is missing");
    const at::Tensor& tensor = found->second;
    if (tensor.sizes() != expected.shape) {
      refuse(expected.name,
             "has the shape " + shape_text(tensor.sizes()) + ", expected " + shape_text(expected.shape));
    }
    if (tensor.scalar_type() != at::kFloat) {
      refuse(expected.name,
             std::string("has the type ") + c10::toString(tensor.scalar_type()) + ", expected float32");
    }
    selected.emplace(path, layout == 1 ? tensor.contiguous() : in_order(path, tensor));
  }
  if (parts.smoothing) select_smoothing(tensors, selected);
  return selected;
}

TensorMap fold_tensors(const weights::NetworkConfig& config, TensorMap tensors) {
  for (const Branch& branch : branches(config)) fold_branch(tensors, branch);
  for (auto& [path, tensor] : tensors) {
    if (is_enlarging(path)) {
      tensor = tensor.dim() == 1 ? tensor.repeat({num_pixels(path)})
                                 : tensor.permute({2, 3, 1, 0}).flatten(0, 2).contiguous();
    } else {
      tensor = in_order(path, tensor);
    }
  }
  return tensors;
}

}  // namespace da3::engine
