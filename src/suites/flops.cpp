// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <da3/error.hpp>

#include <suites/flops.hpp>

namespace da3::suites {
namespace {

// Rows and columns of a feature map.
struct Grid {
  double height = 0;
  double width = 0;
  double area() const { return height * width; }
};

double product(double rows, double inner, double columns) {
  return 2 * rows * inner * columns;
}

double conv3(const Grid& grid, double in, double out) {
  return product(grid.area(), 9 * in, out);
}

double conv1(const Grid& grid, double in, double out) {
  return product(grid.area(), in, out);
}

double backbone_flops(const weights::BackboneConfig& config, const Grid& patches, double views) {
  constexpr double kPatchValues = 3.0 * weights::kPatchSize * weights::kPatchSize;
  const double tokens = patches.area() + 1;
  const double width = config.embed_dim;
  double sum = views * product(patches.area(), kPatchValues, width);
  for (int block = 0; block < config.used_blocks(); ++block) {
    const bool global = config.alt_start >= 0 && block >= config.alt_start && block % 2 == 1;
    const double together = global ? views * tokens : tokens;
    const double groups = global ? 1 : views;
    sum += views * product(tokens, width, 4 * width);        // q, k, v and the projection
    sum += groups * 2 * product(together, width, together);  // q k^T and its product with v
    const double hidden = config.hidden_dim();
    const double matrices = config.feed_forward == weights::FeedForward::kSwiGlu ? 3 : 2;
    sum += views * matrices * product(tokens, width, hidden);
  }
  return sum;
}

// One view.
double head_flops(const weights::HeadConfig& head, const Grid& patches, const Grid& pixels) {
  const Grid levels[] = {{4 * patches.height, 4 * patches.width},
                         {2 * patches.height, 2 * patches.width},
                         patches,
                         {std::ceil(patches.height / 2), std::ceil(patches.width / 2)}};
  const double f = head.features;
  double sum = 0;
  for (int i = 0; i < 4; ++i) {
    const double channels = head.out_channels[static_cast<std::size_t>(i)];
    sum += conv1(patches, head.dim_in, channels);
    sum += conv3(levels[i], channels, f);
    // A fusion: two residual units of two convolutions (the topmost has one unit) and a 1x1 convolution.
    sum += (i == 3 ? 2 : 4) * conv3(levels[i], f, f) + conv1(levels[i], f, f);
  }
  const double first = head.out_channels[0];
  const double second = head.out_channels[1];
  const double last = head.out_channels[3];
  sum += product(patches.area(), first, 16 * first);   // transposed, 4x4
  sum += product(patches.area(), second, 4 * second);  // transposed, 2x2
  sum += conv3(levels[3], last, last);                 // stride 2
  const Grid fused{8 * patches.height, 8 * patches.width};
  sum += conv3(fused, f, f / 2);
  constexpr double kLastChannels = 32;
  const double outputs = head.kind == weights::HeadKind::kDpt ? 1 : head.output_dim;
  const double branches = head.use_sky_head ? 2 : 1;
  sum += branches * conv3(pixels, f / 2, kLastChannels);
  sum += conv1(pixels, kLastChannels, outputs + (head.use_sky_head ? 1 : 0));
  return sum;
}

double branch_flops(const weights::BranchConfig& branch, Size size, double views) {
  const Grid pixels{static_cast<double>(size.height), static_cast<double>(size.width)};
  const Grid patches{std::floor(pixels.height / weights::kPatchSize),
                     std::floor(pixels.width / weights::kPatchSize)};
  return backbone_flops(branch.backbone, patches, views) + views * head_flops(branch.head, patches, pixels);
}

}  // namespace

double forward_flops(const weights::NetworkConfig& config, Size size, int views) {
  double sum = branch_flops(config.main, size, views);
  if (config.metric) sum += branch_flops(*config.metric, size, views);
  return sum;
}

std::optional<double> forward_flops(const ModelSpec& spec, Size size, int views) {
  if (spec.network_id.empty() || spec.network_config_json.empty()) return std::nullopt;
  try {
    return forward_flops(weights::parse_config(spec.network_config_json, spec.name), size, views);
  } catch (const Error&) {
    return std::nullopt;
  }
}

double attention_core_flops(std::int64_t tokens, int heads, int head_dim) {
  const auto n = static_cast<double>(tokens);
  return heads * 2 * product(n, head_dim, n);
}

double attention_layer_flops(std::int64_t tokens, int heads, int head_dim) {
  const double width = static_cast<double>(heads) * head_dim;
  return attention_core_flops(tokens, heads, head_dim) +
         product(static_cast<double>(tokens), width, 4 * width);
}

std::int64_t num_tokens(Size size, int patch) {
  return std::int64_t{size.height / patch} * (size.width / patch) + 1;
}

}  // namespace da3::suites
