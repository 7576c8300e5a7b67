// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <weights/model_config.hpp>

namespace da3::weights {

/// The published DINOv2 backbone called `name`, everything else at its default; none for an unknown name.
/// Source: Oquab et al. 2023, table 17 (ViT-g: 24 heads of 64 channels, SwiGLU).
inline std::optional<BackboneConfig> vision_transformer_sizes(std::string_view name) {
  struct Row {
    std::string_view name;
    int embed_dim;
    int depth;
    int num_heads;
    FeedForward feed_forward;
  };
  constexpr std::array<Row, 4> kRows{{{"vits", 384, 12, 6, FeedForward::kMlp},
                                      {"vitb", 768, 12, 12, FeedForward::kMlp},
                                      {"vitl", 1024, 24, 16, FeedForward::kMlp},
                                      {"vitg", 1536, 40, 24, FeedForward::kSwiGlu}}};
  for (const Row& row : kRows) {
    if (row.name != name) continue;
    BackboneConfig backbone;
    backbone.name = std::string(name);
    backbone.embed_dim = row.embed_dim;
    backbone.depth = row.depth;
    backbone.num_heads = row.num_heads;
    backbone.feed_forward = row.feed_forward;
    return backbone;
  }
  return std::nullopt;
}

}  // namespace da3::weights
