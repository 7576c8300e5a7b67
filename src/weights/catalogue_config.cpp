// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <span>

#include <weights/json_object.hpp>
#include <weights/model_config.hpp>
#include <weights/vision_transformer_sizes.hpp>

namespace da3::weights {
namespace {

/// A published single network. Source: the original's configuration files.
struct Row {
  std::string_view name;
  std::string_view backbone;
  std::array<int, 4> out_layers;
  int alt_start;  ///< Of query/key normalisation and rotary positions as well; -1: a plain DINOv2 with the
                  ///< sky head
  int features;
  std::array<int, 4> out_channels;
  bool gaussians;
};

constexpr std::array<Row, 6> kRows{{
    {"da3-small", "vits", {5, 7, 9, 11}, 4, 64, {48, 96, 192, 384}, false},
    {"da3-base", "vitb", {5, 7, 9, 11}, 4, 128, {96, 192, 384, 768}, false},
    {"da3-large", "vitl", {11, 15, 19, 23}, 8, 256, {256, 512, 1024, 1024}, false},
    {"da3-giant", "vitg", {19, 27, 33, 39}, 13, 256, {256, 512, 1024, 1024}, true},
    {"da3mono-large", "vitl", {4, 11, 17, 23}, -1, 256, {256, 512, 1024, 1024}, false},
    {"da3metric-large", "vitl", {4, 11, 17, 23}, -1, 256, {256, 512, 1024, 1024}, false},
}};
constexpr std::string_view kNested = "da3nested-giant-large";
constexpr std::array<std::string_view, 7> kNames{"da3-small",     "da3-base",        "da3-large", "da3-giant",
                                                 "da3mono-large", "da3metric-large", kNested};

BranchConfig branch_of(const Row& row) {
  const bool any_view = row.alt_start >= 0;
  BranchConfig branch;
  branch.backbone = *vision_transformer_sizes(row.backbone);
  branch.backbone.out_layers = row.out_layers;
  branch.backbone.alt_start = branch.backbone.qknorm_start = branch.backbone.rope_start = row.alt_start;
  branch.backbone.cat_token = any_view;
  const int feature_dim = branch.backbone.feature_dim();
  branch.head = {.kind = any_view ? HeadKind::kDualDpt : HeadKind::kDpt,
                 .dim_in = feature_dim,
                 .features = row.features,
                 .out_channels = row.out_channels,
                 .output_dim = any_view ? 2 : 1,
                 .pos_embed = any_view,
                 .use_sky_head = !any_view,
                 .use_token_norm = any_view};
  if (any_view) {
    branch.camera_encoder = CameraEncoderConfig{.dim_out = branch.backbone.embed_dim};
    branch.camera_decoder = CameraDecoderConfig{.dim_in = feature_dim};
  }
  if (row.gaussians) {
    branch.gaussian_head = HeadConfig{.kind = HeadKind::kGaussian,
                                      .dim_in = feature_dim,
                                      .features = row.features,
                                      .out_channels = row.out_channels,
                                      .output_dim = 38,
                                      .pos_embed = true,
                                      .use_sky_head = false,
                                      .use_token_norm = false};
  }
  return branch;
}

const Row& row_named(std::string_view name) {
  return *std::ranges::find(kRows, name, &Row::name);
}

}  // namespace

std::span<const std::string_view> catalogue_names() {
  return kNames;
}

std::string catalogue_name(std::string_view spelling) {
  std::string name;
  for (const char letter : spelling)
    name += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  constexpr std::string_view kOwner = "depth-anything/";
  constexpr std::string_view kRevision = "-1.1";  // Weights trained again, of the same network.
  if (name.starts_with(kOwner)) name.erase(0, kOwner.size());
  if (name.ends_with(kRevision)) name.erase(name.size() - kRevision.size());
  return std::ranges::find(kNames, name) == kNames.end() ? "" : name;
}

NetworkConfig catalogue_config(std::string_view spelling) {
  const std::string name = catalogue_name(spelling);
  if (name.empty()) {
    std::string names;
    for (const std::string_view each : kNames) names += (names.empty() ? "" : ", ") + std::string(each);
    contract_error("model '" + std::string(spelling) + "'", "expected a published model, which are " + names);
  }
  if (name == kNested)
    return {name, branch_of(row_named("da3-giant")), branch_of(row_named("da3metric-large"))};
  return {name, branch_of(row_named(name)), std::nullopt};
}

}  // namespace da3::weights
