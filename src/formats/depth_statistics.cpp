// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <formats/depth_statistics.hpp>

namespace da3::formats {
namespace {

constexpr std::uint32_t kSignBit = 0x80000000U;
constexpr std::size_t kHalfBins = 65536;

/// An unsigned number that grows with the float.
std::uint32_t key_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
}

float value_of(std::uint32_t key) {
  return std::bit_cast<float>((key & kSignBit) != 0 ? key & ~kSignBit : ~key);
}

/// The bin where a running count passes `rank`, and the count before it.
struct Place {
  std::uint32_t bin = 0;
  std::uint64_t before = 0;
};

Place find_rank(const std::uint32_t* counts, std::uint64_t rank) {
  std::uint64_t before = 0;
  std::uint32_t bin = 0;
  while (before + counts[bin] <= rank) before += counts[bin++];
  return {bin, before};
}

/// Finds values by their rank in two passes: upper halves of the keys first, then the lower halves within the
/// few upper halves that hold a rank. Exact, and independent of the order of the values.
class RankFinder {
 public:
  explicit RankFinder(const std::vector<float>& values) : values_(values), upper_(kHalfBins, 0) {
    for (const float value : values) {
      const bool finite = std::isfinite(value);
      upper_[key_of(finite ? value : 0.0F) >> 16U] += finite ? 1U : 0U;
      num_finite_ += finite ? 1U : 0U;
    }
  }

  std::uint64_t num_finite() const { return num_finite_; }

  /// The values of ranks in ascending order.
  std::vector<float> find(const std::vector<std::uint64_t>& ranks) const {
    std::vector<std::uint8_t> slot_of(kHalfBins, 0);  // 0: holds no rank
    std::vector<Place> places;
    std::uint8_t num_slots = 0;
    for (const std::uint64_t rank : ranks) {
      places.push_back(find_rank(upper_.data(), rank));
      std::uint8_t& slot = slot_of[places.back().bin];
      if (slot == 0) slot = ++num_slots;
    }
    std::vector<std::uint32_t> lower((num_slots + std::size_t{1}) * kHalfBins, 0);  // Slot 0 takes the rest
    for (const float value : values_) {
      if (!std::isfinite(value)) continue;
      const std::uint32_t key = key_of(value);
      ++lower[slot_of[key >> 16U] * kHalfBins + (key & 0xFFFFU)];
    }
    std::vector<float> found;
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      const std::size_t slot = slot_of[places[i].bin];
      const Place low = find_rank(&lower[slot * kHalfBins], ranks[i] - places[i].before);
      found.push_back(value_of(places[i].bin << 16U | low.bin));
    }
    return found;
  }

 private:
  const std::vector<float>& values_;
  std::vector<std::uint32_t> upper_;
  std::uint64_t num_finite_ = 0;
};

}  // namespace

DepthSummary summarise(const DepthMap& depth) {
  const RankFinder finder(depth.values);
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
          static_cast<double>(count) / static_cast<double>(depth.values.size())};
}

}  // namespace da3::formats
