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
  const std::array places{image::place_of_quantile(0.02, count), image::place_of_quantile(0.5, count),
                          image::place_of_quantile(0.98, count)};
  std::vector<std::uint64_t> ranks = {0, count - 1};
  for (const image::QuantilePlace& place : places) {
    ranks.insert(ranks.end(), {place.below, place.above});
  }
  const std::vector<float> found = finder.find(ranks);
  const auto between = [&](std::size_t i) {
    return places[i].between(double{found[2 + 2 * i]}, double{found[3 + 2 * i]});
  };
  return {DepthStatistics{found.front(), between(0), between(1), between(2), found[1]},
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
