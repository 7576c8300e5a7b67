// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <initializer_list>
#include <utility>

#include <weights/tensor_list.hpp>

namespace da3::weights {
namespace {

using Shape = std::vector<std::int64_t>;

/// Hidden channels before the last convolution of every DPT head.
constexpr std::int64_t kHeadHidden = 32;
constexpr int kNumLevels = 4;

/// Collects entries below a prefix.
class Lister {
 public:
  Lister(std::vector<TensorEntry>& list, std::string prefix, TensorUse use)
      : list_(list), prefix_(std::move(prefix)), use_(use) {}

  Lister below(const std::string& name) const { return {list_, prefix_ + name + ".", use_}; }
  Lister below(const std::string& name, TensorUse use) const { return {list_, prefix_ + name + ".", use}; }

  void tensor(const std::string& name, Shape shape) const {
    list_.push_back({prefix_ + name, std::move(shape), use_, {}});
  }
  void norm(const std::string& name, std::int64_t channels) const {
    tensor(name + ".weight", {channels});
    tensor(name + ".bias", {channels});
  }
  void linear(const std::string& name, std::int64_t out, std::int64_t in) const {
    tensor(name + ".weight", {out, in});
    tensor(name + ".bias", {out});
  }
  void conv(const std::string& name, std::int64_t out, std::int64_t in, std::int64_t kernel) const {
    tensor(name + ".weight", {out, in, kernel, kernel});
    tensor(name + ".bias", {out});
  }
  /// The tensor added last is known by these names as well.
  void also_known_as(std::initializer_list<std::string> names) const {
    for (const std::string& name : names) list_.back().aliases.push_back(prefix_ + name);
  }

 private:
  std::vector<TensorEntry>& list_;
  std::string prefix_;
  TensorUse use_;
};

struct Block {
  std::int64_t dim = 0;
  std::int64_t hidden = 0;
  FeedForward feed_forward = FeedForward::kMlp;
  std::int64_t normed_head_dim = 0;  ///< 0: queries and keys are not normalised
};

void list_block(const Lister& to, const Block& block) {
  to.norm("norm1", block.dim);
  to.linear("attn.qkv", 3 * block.dim, block.dim);
  if (block.normed_head_dim > 0) {
    to.norm("attn.q_norm", block.normed_head_dim);
    to.norm("attn.k_norm", block.normed_head_dim);
  }
  to.linear("attn.proj", block.dim, block.dim);
  to.tensor("ls1.gamma", {block.dim});
  to.norm("norm2", block.dim);
  if (block.feed_forward == FeedForward::kMlp) {
    to.linear("mlp.fc1", block.hidden, block.dim);
    to.linear("mlp.fc2", block.dim, block.hidden);
  } else {
    to.linear("mlp.w12", 2 * block.hidden, block.dim);
    to.linear("mlp.w3", block.dim, block.hidden);
  }
  to.tensor("ls2.gamma", {block.dim});
}

void list_backbone(const Lister& to, const BackboneConfig& backbone) {
  const std::int64_t dim = backbone.embed_dim;
  to.tensor("cls_token", {1, 1, dim});
  if (backbone.alt_start >= 0) to.tensor("camera_token", {1, 2, dim});
  to.tensor("pos_embed", {1, 1 + kPositionGrid * kPositionGrid, dim});
  to.conv("patch_embed.proj", dim, 3, kPatchSize);
  for (int i = 0; i < backbone.depth; ++i) {
    const bool normed = backbone.qknorm_start >= 0 && i >= backbone.qknorm_start;
    const TensorUse use = i < backbone.used_blocks() ? TensorUse::kDepth : TensorUse::kNever;
    list_block(to.below("blocks." + std::to_string(i), use),
               {.dim = dim,
                .hidden = backbone.hidden_dim(),
                .feed_forward = backbone.feed_forward,
                .normed_head_dim = normed ? backbone.head_dim() : 0});
  }
  to.norm("norm", dim);
}

void list_fusion(const Lister& to, std::int64_t features, bool has_residual) {
  to.conv("out_conv", features, features, 1);
  for (const char* const unit : {"resConfUnit1", "resConfUnit2"}) {
    if (std::string_view(unit) == "resConfUnit1" && !has_residual) continue;
    to.below(unit).conv("conv1", features, features, 3);
    to.below(unit).conv("conv2", features, features, 3);
  }
}

/// What the three kinds of head have in common: projections, resizing, fusion, main output.
void list_dpt(const Lister& to, const HeadConfig& head) {
  const auto& channels = head.out_channels;
  if (head.use_token_norm) to.norm("norm", head.dim_in);
  for (std::size_t i = 0; i < channels.size(); ++i)
    to.conv("projects." + std::to_string(i), channels[i], head.dim_in, 1);
  to.conv("resize_layers.0", channels[0], channels[0], 4);
  to.conv("resize_layers.1", channels[1], channels[1], 2);
  to.conv("resize_layers.3", channels[3], channels[3], 3);

  const Lister scratch = to.below("scratch");
  for (int i = 0; i < kNumLevels; ++i) {
    const std::string level = std::to_string(i + 1);
    scratch.tensor("layer" + level + "_rn.weight",
                   {head.features, channels[static_cast<std::size_t>(i)], 3, 3});
    list_fusion(scratch.below("refinenet" + level), head.features, i + 1 < kNumLevels);
  }
  scratch.conv("output_conv1", head.features / 2, head.features, 3);
  scratch.conv("output_conv2.0", kHeadHidden, head.features / 2, 3);
  scratch.conv("output_conv2.2", head.output_dim, kHeadHidden, 1);
}

/// The auxiliary head has outputs at four levels, of which the original uses the last alone.
void list_ray_head(const Lister& scratch, std::int64_t features) {
  constexpr int kNumConvs = 5;
  constexpr std::int64_t kRayChannels = 7;
  const std::int64_t half = features / 2;
  for (int i = 0; i < kNumLevels; ++i) {
    const std::string level = std::to_string(i);
    const TensorUse use = i + 1 == kNumLevels ? TensorUse::kRay : TensorUse::kNever;
    list_fusion(scratch.below("refinenet" + std::to_string(i + 1) + "_aux", TensorUse::kRay), features,
                i + 1 < kNumLevels);
    const Lister first = scratch.below("output_conv1_aux." + level, use);
    for (int j = 0; j < kNumConvs; ++j) {
      const bool narrows = j % 2 == 0;
      first.conv(std::to_string(j), narrows ? half : features, narrows ? features : half, 3);
    }
    const Lister second = scratch.below("output_conv2_aux." + level, use);
    second.conv("0", kHeadHidden, half, 3);
    second.conv("5", kRayChannels, kHeadHidden, 1);
  }
  const Lister shared = scratch.below("output_conv2_aux", TensorUse::kRay);
  for (const std::string part : {".2.weight", ".2.bias"}) {
    shared.tensor("0" + part, {kHeadHidden});
    shared.also_known_as({"1" + part, "2" + part, "3" + part});
  }
}

void list_head(const Lister& to, const HeadConfig& head) {
  list_dpt(to, head);
  if (head.kind == HeadKind::kDualDpt) list_ray_head(to.below("scratch"), head.features);
  if (head.use_sky_head) {
    to.conv("scratch.sky_output_conv2.0", kHeadHidden, head.features / 2, 3);
    to.conv("scratch.sky_output_conv2.2", 1, kHeadHidden, 1);
  }
  if (head.kind == HeadKind::kGaussian) {
    const std::int64_t merged = head.features / 2;
    to.conv("images_merger.0", merged / 4, 3, 3);
    to.conv("images_merger.2", merged / 2, merged / 4, 3);
    to.conv("images_merger.4", merged, merged / 2, 3);
  }
}

void list_camera_encoder(const Lister& to, const CameraEncoderConfig& encoder) {
  constexpr std::int64_t kPoseDim = 9;  // Translation 3, quaternion 4, fields of view 2.
  constexpr std::int64_t kMlpRatio = 4;
  const std::int64_t dim = encoder.dim_out;
  to.linear("pose_branch.fc1", dim / 2, kPoseDim);
  to.linear("pose_branch.fc2", dim, dim / 2);
  to.norm("token_norm", dim);
  for (int i = 0; i < encoder.trunk_depth; ++i) {
    list_block(to.below("trunk." + std::to_string(i)), {.dim = dim, .hidden = kMlpRatio * dim});
  }
  to.norm("trunk_norm", dim);
}

void list_camera_decoder(const Lister& to, std::int64_t dim) {
  to.linear("backbone.0", dim, dim);
  to.linear("backbone.2", dim, dim);
  to.linear("fc_t", 3, dim);
  to.linear("fc_qvec", 4, dim);
  to.linear("fc_fov.0", 2, dim);
}

void list_branch(const Lister& to, const BranchConfig& branch) {
  list_backbone(to.below("backbone.pretrained"), branch.backbone);
  list_head(to.below("head"), branch.head);
  if (branch.camera_encoder)
    list_camera_encoder(to.below("cam_enc", TensorUse::kCameraInput), *branch.camera_encoder);
  if (branch.camera_decoder)
    list_camera_decoder(to.below("cam_dec", TensorUse::kPose), branch.camera_decoder->dim_in);
  if (branch.gaussian_head) list_head(to.below("gs_head", TensorUse::kGaussians), *branch.gaussian_head);
}

}  // namespace

std::string_view to_string(TensorUse use) {
  switch (use) {
    case TensorUse::kDepth:
      return "depth";
    case TensorUse::kPose:
      return "pose";
    case TensorUse::kCameraInput:
      return "camera-input";
    case TensorUse::kRay:
      return "ray";
    case TensorUse::kGaussians:
      return "gaussians";
    case TensorUse::kNever:
      return "never";
  }
  return "never";
}

std::int64_t TensorEntry::num_elements() const {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count;
}

std::vector<TensorEntry> tensor_list(const NetworkConfig& config) {
  std::vector<TensorEntry> list;
  const Lister root(list, "", TensorUse::kDepth);
  if (config.metric) {
    list_branch(root.below("model.da3"), config.main);
    list_branch(root.below("model.da3_metric"), *config.metric);
  } else {
    list_branch(root.below("model"), config.main);
  }
  std::ranges::sort(list, {}, &TensorEntry::name);
  return list;
}

}  // namespace da3::weights
