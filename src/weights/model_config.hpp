// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace da3::weights {

/// Side of a patch and of the picture the position embedding is made for, in pixels: the same in every DA3
/// network.
inline constexpr int kPatchSize = 14;
inline constexpr int kPositionGrid = 37;  ///< 518 / 14

enum class FeedForward {
  kMlp,     ///< fc2(gelu(fc1 x))
  kSwiGlu,  ///< w3(silu(a) * b) with [a, b] = w12 x
};

/// The DINOv2 vision transformer. Block numbers start at 0; -1 in a `_start` means never.
struct BackboneConfig {
  std::string name;  ///< vits, vitb, vitl or vitg
  int embed_dim = 0;
  int depth = 0;  ///< Number of blocks
  int num_heads = 0;
  double mlp_ratio = 4;
  FeedForward feed_forward = FeedForward::kMlp;
  std::array<int, 4> out_layers{};  ///< Blocks whose output the head receives, ascending
  int alt_start = -1;      ///< From here odd blocks attend over all views, and the camera token stands first
  int qknorm_start = -1;   ///< From here queries and keys are normalised
  int rope_start = -1;     ///< From here queries and keys are rotated by position
  bool cat_token = false;  ///< The head receives [latest within-view output ; normalised output]

  int head_dim() const { return embed_dim / num_heads; }
  /// Blocks up to the last whose output the head receives; nothing depends on those behind them.
  int used_blocks() const { return out_layers.back() + 1; }
  /// Width of the feed-forward layer; of each half for kSwiGlu.
  int hidden_dim() const;
  /// Channels that the head receives per token.
  int feature_dim() const { return cat_token ? 2 * embed_dim : embed_dim; }

  bool operator==(const BackboneConfig&) const = default;
};

enum class HeadKind {
  kDualDpt,   ///< Depth with confidence, and rays
  kDpt,       ///< Depth and sky
  kGaussian,  ///< Gaussian parameters
};

struct HeadConfig {
  HeadKind kind = HeadKind::kDualDpt;
  int dim_in = 0;
  int features = 256;
  std::array<int, 4> out_channels{256, 512, 1024, 1024};
  int output_dim = 2;     ///< Channels of the main output; the last of several is confidence
  bool pos_embed = true;  ///< UV embedding at every level
  bool use_sky_head = false;
  bool use_token_norm = true;  ///< Layer norm of the tokens before the projections

  bool operator==(const HeadConfig&) const = default;
};

struct CameraEncoderConfig {
  int dim_out = 0;
  int trunk_depth = 4;
  int num_heads = 16;

  bool operator==(const CameraEncoderConfig&) const = default;
};

struct CameraDecoderConfig {
  int dim_in = 0;

  bool operator==(const CameraDecoderConfig&) const = default;
};

/// One network: backbone, head and what surrounds them.
struct BranchConfig {
  BackboneConfig backbone;
  HeadConfig head;
  std::optional<CameraEncoderConfig> camera_encoder;
  std::optional<CameraDecoderConfig> camera_decoder;
  std::optional<HeadConfig> gaussian_head;

  bool operator==(const BranchConfig&) const = default;
};

/// What a published model consists of.
struct NetworkConfig {
  std::string model_name;              ///< As in config.json; may be empty
  BranchConfig main;                   ///< The any-view branch of a nested model
  std::optional<BranchConfig> metric;  ///< Nested models only: gives the scale in metres

  bool nested() const { return metric.has_value(); }
  /// True if both describe the same network, whatever its name.
  bool same_network(const NetworkConfig& other) const { return main == other.main && metric == other.metric; }
};

/// The seven published models, by their short names such as "da3-small".
std::span<const std::string_view> catalogue_names();

/// The short name of a published model, from spellings such as "DA3-BASE", "depth-anything/DA3-LARGE-1.1"; or
/// empty.
std::string catalogue_name(std::string_view spelling);

/// The configuration of a published model. Throws: Error kModelContract that lists the names.
NetworkConfig catalogue_config(std::string_view spelling);

/// The configuration in the text of a published `config.json`, which holds `model_name`, `config` or both.
/// `subject` stands first in messages. Throws: Error kModelContract for anything this version cannot build
/// exactly, and for a known name whose `config` describes another network.
NetworkConfig parse_config(std::string_view text, const std::string& subject);

/// parse_config() of a file. Throws: Error kModelNotFound, kModelDamaged, kModelContract.
NetworkConfig read_config(const std::filesystem::path& path);

/// A JSON text in the published layout that parse_config() turns into the same configuration.
std::string config_text(const NetworkConfig& config);

}  // namespace da3::weights
