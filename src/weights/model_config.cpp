// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <nlohmann/json.hpp>

#include <weights/json_object.hpp>
#include <weights/model_config.hpp>
#include <weights/vision_transformer_sizes.hpp>

namespace da3::weights {
namespace {

/// Far above every published size; keeps products of two sizes within an int.
constexpr int kMaxWidth = 32768;
constexpr int kMaxBlocks = 1024;

int width(const JsonObject& object, const char* key) {
  return static_cast<int>(object.integer(key, 1, kMaxWidth));
}

std::array<int, 4> four(const JsonObject& object, const char* key, int low, int high) {
  const std::vector<int> values = object.integers(key, 4, low, high);
  return {values[0], values[1], values[2], values[3]};
}

/// Throws if the field is there with a value that would change the network in a way this version does not
/// build.
void expect(const JsonObject& object, const char* key, const nlohmann::json& only) {
  if (object.has(key) && object.at(key) != only) {
    object.fail(key, "only " + only.dump() + " is supported, found " + object.at(key).dump());
  }
}

void check_backbone(const JsonObject& net, const BackboneConfig& backbone) {
  if (backbone.embed_dim % backbone.num_heads != 0) net.fail("num_heads", "does not divide embed_dim");
  const int head_dim = backbone.head_dim();
  if (backbone.rope_start >= 0 && head_dim % 4 != 0) {
    net.fail("num_heads",
             "rotary positions need heads of a multiple of 4 channels, found " + std::to_string(head_dim));
  }
  if (backbone.alt_start < 0 && (backbone.rope_start >= 0 || backbone.qknorm_start >= 0)) {
    net.fail("alt_start", "is needed where qknorm_start or rope_start is 0 or above");
  }
  if (backbone.cat_token != (backbone.alt_start >= 0)) {
    net.fail("cat_token", "expected true with an alt_start of 0 or above, and false without");
  }
  if (!std::ranges::is_sorted(backbone.out_layers, std::ranges::less_equal{})) {
    net.fail("out_layers", "expected ascending block numbers");
  }
  if (backbone.out_layers.back() >= backbone.depth) {
    net.fail("out_layers", "names block " + std::to_string(backbone.out_layers.back()) + " of a network of " +
                               std::to_string(backbone.depth) + " blocks (0 to " +
                               std::to_string(backbone.depth - 1) + ")");
  }
}

BackboneConfig parse_backbone(const JsonObject& net) {
  net.allow_only({"__object__", "name", "out_layers", "alt_start", "qknorm_start", "rope_start", "cat_token",
                  "embed_dim", "depth", "num_heads", "mlp_ratio"});
  const std::string name = net.text("name");
  std::optional<BackboneConfig> known = vision_transformer_sizes(name);
  if (!known) net.fail("name", "expected vits, vitb, vitl or vitg, found '" + name + "'");
  BackboneConfig backbone = *known;
  if (net.has("embed_dim")) backbone.embed_dim = width(net, "embed_dim");
  if (net.has("depth")) backbone.depth = static_cast<int>(net.integer("depth", 1, kMaxBlocks));
  if (net.has("num_heads")) backbone.num_heads = width(net, "num_heads");
  if (net.has("mlp_ratio")) backbone.mlp_ratio = net.number("mlp_ratio");
  if (!(backbone.mlp_ratio > 0 && backbone.mlp_ratio <= 64))
    net.fail("mlp_ratio", "expected a number above 0, up to 64");
  if (backbone.hidden_dim() < 1) net.fail("mlp_ratio", "leaves the feed-forward layer without a channel");
  backbone.out_layers = four(net, "out_layers", 0, kMaxBlocks - 1);
  const auto start = [&](const char* key) {
    return net.has(key) ? static_cast<int>(net.integer(key, -1, backbone.depth - 1)) : -1;
  };
  backbone.alt_start = start("alt_start");
  backbone.qknorm_start = start("qknorm_start");
  backbone.rope_start = start("rope_start");
  backbone.cat_token = net.boolean_or("cat_token", true);
  check_backbone(net, backbone);
  return backbone;
}

/// The class that a block of the published configuration stands for, such as "DualDPT"; `fallback` if it does
/// not say.
std::string class_name(const JsonObject& object, const std::string& fallback) {
  return object.has("__object__") ? object.object("__object__").text("name") : fallback;
}

void check_head_input(const JsonObject& object, const char* key, int found, const BackboneConfig& backbone) {
  if (found == backbone.feature_dim()) return;
  object.fail(key, "the backbone gives " + std::to_string(backbone.feature_dim()) + " channels, found " +
                       std::to_string(found));
}

void parse_head_widths(const JsonObject& head, const BackboneConfig& backbone, HeadConfig& config) {
  config.dim_in = width(head, "dim_in");
  if (head.has("features")) config.features = width(head, "features");
  if (config.features % 2 != 0) head.fail("features", "expected an even number");
  if (head.has("out_channels")) config.out_channels = four(head, "out_channels", 1, kMaxWidth);
  check_head_input(head, "dim_in", config.dim_in, backbone);
  expect(head, "patch_size", kPatchSize);
  expect(head, "down_ratio", 1);
}

HeadConfig parse_dual_dpt(const JsonObject& head, const BackboneConfig& backbone) {
  head.allow_only({"__object__", "dim_in", "output_dim", "features", "out_channels", "patch_size",
                   "activation", "conf_activation", "pos_embed", "down_ratio", "aux_pyramid_levels",
                   "aux_out1_conv_num", "head_names"});
  HeadConfig config{.kind = HeadKind::kDualDpt};
  parse_head_widths(head, backbone, config);
  config.output_dim = head.integer_or("output_dim", 2);
  config.pos_embed = head.boolean_or("pos_embed", true);
  expect(head, "output_dim", 2);
  expect(head, "activation", "exp");
  expect(head, "conf_activation", "expp1");
  expect(head, "aux_pyramid_levels", 4);
  expect(head, "aux_out1_conv_num", 5);
  expect(head, "head_names", {"depth", "ray"});
  return config;
}

HeadConfig parse_dpt(const JsonObject& head, const BackboneConfig& backbone) {
  head.allow_only({"__object__", "dim_in", "output_dim", "features", "out_channels", "patch_size",
                   "activation", "conf_activation", "pos_embed", "down_ratio", "head_name", "use_sky_head",
                   "sky_name", "sky_activation", "use_ln_for_heads", "norm_type", "fusion_block_inplace"});
  HeadConfig config{.kind = HeadKind::kDpt,
                    .output_dim = 1,
                    .pos_embed = false,
                    .use_sky_head = true,
                    .use_token_norm = false};
  parse_head_widths(head, backbone, config);
  config.pos_embed = head.boolean_or("pos_embed", false);
  expect(head, "output_dim", 1);
  expect(head, "activation", "exp");
  expect(head, "use_sky_head", true);
  expect(head, "sky_activation", "relu");
  expect(head, "use_ln_for_heads", false);
  expect(head, "norm_type", "idt");
  expect(head, "head_name", "depth");
  expect(head, "sky_name", "sky");
  return config;
}

HeadConfig parse_gaussian_head(const JsonObject& head, const BackboneConfig& backbone) {
  HeadConfig config{.kind = HeadKind::kGaussian, .use_token_norm = false};
  parse_head_widths(head, backbone, config);
  config.output_dim = static_cast<int>(head.integer("output_dim", 1, kMaxWidth));
  config.pos_embed = head.boolean_or("pos_embed", true);
  if (config.features % 8 != 0) head.fail("features", "expected a multiple of 8");
  return config;
}

BranchConfig parse_branch(const JsonObject& object) {
  BranchConfig branch;
  branch.backbone = parse_backbone(object.object("net"));
  const JsonObject head = object.object("head");
  const std::string kind = class_name(head, "DualDPT");
  if (kind == "DualDPT") {
    branch.head = parse_dual_dpt(head, branch.backbone);
  } else if (kind == "DPT") {
    branch.head = parse_dpt(head, branch.backbone);
  } else {
    object.fail("head", "expected the class DualDPT or DPT, found '" + kind + "'");
  }
  if (object.has("cam_enc")) {
    const JsonObject encoder = object.object("cam_enc");
    branch.camera_encoder = CameraEncoderConfig{.dim_out = width(encoder, "dim_out"),
                                                .trunk_depth = encoder.integer_or("trunk_depth", 4, 0),
                                                .num_heads = encoder.integer_or("num_heads", 16, 1)};
    if (branch.camera_encoder->trunk_depth > kMaxBlocks) encoder.fail("trunk_depth", "is too large");
    if (branch.camera_encoder->dim_out != branch.backbone.embed_dim)
      encoder.fail("dim_out", "is not the backbone's embed_dim");
    if (branch.camera_encoder->dim_out % branch.camera_encoder->num_heads != 0)
      encoder.fail("num_heads", "does not divide dim_out");
  }
  if (object.has("cam_dec")) {
    const JsonObject decoder = object.object("cam_dec");
    branch.camera_decoder = CameraDecoderConfig{.dim_in = width(decoder, "dim_in")};
    check_head_input(decoder, "dim_in", branch.camera_decoder->dim_in, branch.backbone);
  }
  if (object.has("gs_head"))
    branch.gaussian_head = parse_gaussian_head(object.object("gs_head"), branch.backbone);
  return branch;
}

NetworkConfig parse_network(const JsonObject& config, std::string name) {
  if (config.has("anyview") != config.has("metric")) {
    config.fail(config.has("anyview") ? "metric" : "anyview", "is missing in a nested configuration");
  }
  if (!config.has("anyview")) return {std::move(name), parse_branch(config), std::nullopt};
  return {std::move(name), parse_branch(config.object("anyview")), parse_branch(config.object("metric"))};
}

}  // namespace

int BackboneConfig::hidden_dim() const {
  // The original truncates first; SwiGLU then takes two thirds, truncated, rounded up to a multiple of 8.
  const int hidden = static_cast<int>(embed_dim * mlp_ratio);
  if (feed_forward == FeedForward::kMlp) return hidden;
  return (static_cast<int>(hidden * 2 / 3.0) + 7) / 8 * 8;
}

NetworkConfig parse_config(std::string_view text, const std::string& subject) {
  const nlohmann::json document = parse_json(text, subject);
  const JsonObject root(document, subject);
  const std::string name = root.text_or("model_name", "");
  const std::string known = catalogue_name(name);
  if (!root.has("config")) {
    if (name.empty()) root.fail("model_name", "is missing, and there is no 'config' either");
    if (known.empty())
      root.fail("model_name", "'" + name + "' is no published model, and there is no 'config'");
    NetworkConfig config = catalogue_config(known);
    config.model_name = name;
    return config;
  }
  NetworkConfig config = parse_network(root.object("config"), name);
  if (!known.empty() && !config.same_network(catalogue_config(known))) {
    root.fail("config", "describes another network than the published model '" + known +
                            "', whose name 'model_name' gives; rename one or remove the other");
  }
  return config;
}

NetworkConfig read_config(const std::filesystem::path& path) {
  return parse_config(read_text(path), path.string());
}

}  // namespace da3::weights
