// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <nlohmann/json.hpp>

#include <weights/model_config.hpp>

namespace da3::weights {
namespace {

using nlohmann::ordered_json;

ordered_json head_json(const HeadConfig& head) {
  const char* const name = head.kind == HeadKind::kDualDpt ? "DualDPT"
                           : head.kind == HeadKind::kDpt   ? "DPT"
                                                           : "GSDPT";
  return {{"__object__", {{"name", name}}},    {"dim_in", head.dim_in},
          {"output_dim", head.output_dim},     {"features", head.features},
          {"out_channels", head.out_channels}, {"pos_embed", head.pos_embed}};
}

ordered_json branch_json(const BranchConfig& branch) {
  const BackboneConfig& backbone = branch.backbone;
  ordered_json json;
  json["net"] = {{"name", backbone.name},
                 {"out_layers", backbone.out_layers},
                 {"alt_start", backbone.alt_start},
                 {"qknorm_start", backbone.qknorm_start},
                 {"rope_start", backbone.rope_start},
                 {"cat_token", backbone.cat_token},
                 {"embed_dim", backbone.embed_dim},
                 {"depth", backbone.depth},
                 {"num_heads", backbone.num_heads},
                 {"mlp_ratio", backbone.mlp_ratio}};
  json["head"] = head_json(branch.head);
  if (branch.camera_encoder) {
    json["cam_enc"] = {{"dim_out", branch.camera_encoder->dim_out},
                       {"trunk_depth", branch.camera_encoder->trunk_depth},
                       {"num_heads", branch.camera_encoder->num_heads}};
  }
  if (branch.camera_decoder) json["cam_dec"] = {{"dim_in", branch.camera_decoder->dim_in}};
  if (branch.gaussian_head) json["gs_head"] = head_json(*branch.gaussian_head);
  return json;
}

}  // namespace

std::string config_text(const NetworkConfig& config) {
  ordered_json json;
  if (!config.model_name.empty()) json["model_name"] = config.model_name;
  if (config.metric) {
    json["config"] = {{"anyview", branch_json(config.main)}, {"metric", branch_json(*config.metric)}};
  } else {
    json["config"] = branch_json(config.main);
  }
  return json.dump();
}

}  // namespace da3::weights
