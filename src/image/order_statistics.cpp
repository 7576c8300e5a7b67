// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numeric>

#include <image/order_statistics.hpp>

namespace da3::image {
namespace {

/// An integer that orders as the float does.
std::uint32_t order_key(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

std::size_t bin_of(float value) {
  return order_key(value) >> 16;
}

}  // namespace

std::vector<float> order_statistics(std::span<const float> values, std::span<const std::size_t> ranks) {
  // A histogram over the upper half of the keys says which bin holds a rank; only that bin is looked into.
  constexpr std::size_t kBins = std::size_t{1} << 16;
  std::vector<std::size_t> ends(kBins, 0);
  for (const float value : values) ++ends[bin_of(value)];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<std::size_t> bins;
  for (const std::size_t rank : ranks) {
    bins.push_back(static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), rank) - ends.begin()));
  }
  std::vector<std::vector<float>> members(ranks.size());
  for (const float value : values) {
    for (std::size_t i = 0; i < bins.size(); ++i) {
      if (bin_of(value) == bins[i]) members[i].push_back(value);
    }
  }
  std::vector<float> result;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const std::size_t before = bins[i] == 0 ? 0 : ends[bins[i] - 1];
    const auto at = members[i].begin() + static_cast<std::ptrdiff_t>(ranks[i] - before);
    std::nth_element(members[i].begin(), at, members[i].end());
    result.push_back(*at);
  }
  return result;
}

std::vector<double> percentiles(std::span<const float> values, std::span<const double> percents) {
  if (values.empty()) return std::vector<double>(percents.size(), 0.0);
  std::vector<std::size_t> ranks;
  for (const double percent : percents) {
    const double position = percent / 100 * static_cast<double>(values.size() - 1);
    ranks.push_back(static_cast<std::size_t>(position));
    ranks.push_back(std::min(values.size() - 1, static_cast<std::size_t>(position) + 1));
  }
  const std::vector<float> found = order_statistics(values, ranks);
  std::vector<double> result;
  for (std::size_t i = 0; i < percents.size(); ++i) {
    const double position = percents[i] / 100 * static_cast<double>(values.size() - 1);
    result.push_back(
        std::lerp(double{found[2 * i]}, double{found[2 * i + 1]}, position - std::floor(position)));
  }
  return result;
}

}  // namespace da3::image
