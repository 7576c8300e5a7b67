// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include <da3/error.hpp>

#include <suites/forward_memory.hpp>

namespace da3::suites {
namespace {

constexpr double kFloatBytes = 4;

struct Branch {
  double features = 0;  ///< What the head receives: kept until it is done
  double backbone = 0;  ///< Peak of a block next to the features, in floats
  double head = 0;      ///< Peak of the head next to the features, in floats
  double tables = 0;    ///< Of the size, kept
};

Branch branch_floats(const weights::BranchConfig& branch, Size size, double views) {
  const weights::BackboneConfig& backbone = branch.backbone;
  const double patches = static_cast<double>(size.height / weights::kPatchSize) *
                         static_cast<double>(size.width / weights::kPatchSize);
  const double tokens = views * (patches + 1);
  const double width = backbone.embed_dim;
  const double halves = backbone.feed_forward == weights::FeedForward::kSwiGlu ? 2 : 1;
  // Residual stream, its copy of the last within-view block, norm; then q, k, v and their result, or the
  // hidden layer.
  const double streams = backbone.cat_token ? 3 : 2;
  const double attention = 4 * tokens * width;
  const double hidden = halves * tokens * backbone.hidden_dim();
  Branch floats;
  floats.features = 4 * tokens * backbone.feature_dim();
  floats.backbone = streams * tokens * width + std::max(attention, hidden);

  const weights::HeadConfig& head = branch.head;
  const double levels = patches * std::accumulate(head.out_channels.begin(), head.out_channels.end(), 0.0);
  const double fused = 64 * patches * head.features;  // 8h x 8w
  const double pixels = static_cast<double>(size.area());
  constexpr double kLastChannels = 32;
  constexpr double kFusedMaps = 3;  // What a residual unit reads, writes and keeps
  // View by view.
  const double last = fused / 2 + pixels * (head.features / 2.0 + kLastChannels);
  floats.head = std::max(levels + kFusedMaps * fused, last);
  if (head.pos_embed) floats.tables = levels + pixels * kLastChannels;
  return floats;
}

}  // namespace

std::uint64_t estimate_forward_bytes(const weights::NetworkConfig& config, Size size, int views) {
  const Branch main = branch_floats(config.main, size, views);
  double kept = main.features + main.tables;
  double peak = std::max(main.backbone, main.head);
  if (config.metric) {
    const Branch metric = branch_floats(*config.metric, size, views);
    kept += metric.features + metric.tables;
    peak = std::max({peak, metric.backbone, metric.head});
  }
  return static_cast<std::uint64_t>(kFloatBytes * (kept + peak));
}

std::optional<std::uint64_t> estimate_forward_bytes(const ModelSpec& spec, Size size, int views) {
  if (spec.network_id.empty() || spec.network_config_json.empty()) return std::nullopt;
  try {
    return estimate_forward_bytes(weights::parse_config(spec.network_config_json, spec.name), size, views);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace da3::suites
