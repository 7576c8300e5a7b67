// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include <formats/depth_statistics.hpp>

#include <image/order_statistics.hpp>

namespace da3::formats {
namespace {

DepthSummary summary_of(const image::RankFinder& finder, std::size_t num_values) {
  const std::uint64_t count = finder.num_finite();
  if (count == 0) return {};
  const std::array<double, 3> quantiles = {0.02, 0.5, 0.98};
  std::vector<std::uint64_t> ranks = {0};
  std::array<double, 3> fractions{};
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    const double position = quantiles[i] * static_cast<double>(count - 1);
    const auto rank = static_cast<std::uint64_t>(position);
    fractions[i] = position - static_cast<double>(rank);
    ranks.push_back(rank);
    ranks.push_back(std::min(rank + 1, count - 1));
  }
  ranks.push_back(count - 1);
  const std::vector<float> found = finder.find(ranks);
  const auto between = [&](std::size_t i) {
    const double low = found[1 + 2 * i];
    const double high = found[2 + 2 * i];
    return low + (high - low) * fractions[i];
  };
  return {DepthStatistics{found.front(), between(0), between(1), between(2), found.back()},
          static_cast<double>(count) / static_cast<double>(num_values)};
}

}  // namespace

DepthSummary summarise(const DepthMap& depth) {
  return summary_of(image::RankFinder(depth.values), depth.values.size());
}

DepthSummary summarise(OutputSet& results, const std::vector<Format>& formats) {
  const image::RankFinder finder(results.depth.values);
  const DepthSummary summary = summary_of(finder, results.depth.values.size());
  if (summary.values) {
    results.extent = {static_cast<float>(summary.values->min), static_cast<float>(summary.values->max)};
  }
  if (std::any_of(formats.begin(), formats.end(), has_range)) {
    results.near_range = image::near_range(finder, results.kind);
  }
  return summary;
}

}  // namespace da3::formats
