// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cmath>

#include <image/order_statistics.hpp>

namespace da3::image {
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

}  // namespace

RankFinder::RankFinder(std::span<const float> values) : values_(values), upper_(kHalfBins, 0) {
  for (const float value : values) {
    const bool finite = std::isfinite(value);
    upper_[key_of(finite ? value : 0.0F) >> 16U] += finite ? 1U : 0U;
    num_finite_ += finite ? 1U : 0U;
  }
}

std::vector<float> RankFinder::find(std::span<const std::uint64_t> ranks) const {
  std::vector<std::uint8_t> slot_of(kHalfBins, 0);  // 0: holds no rank
  std::vector<Place> places;
  std::uint8_t num_slots = 0;
  for (const std::uint64_t rank : ranks) {
    places.push_back(find_rank(upper_.data(), rank));
    std::uint8_t& slot = slot_of[places.back().bin];
    if (slot == 0) slot = ++num_slots;
  }
  std::vector<std::uint32_t> lower(num_slots * kHalfBins, 0);
  for (const float value : values_) {
    const std::uint32_t key = key_of(value);
    // Few values have a slot, and none that is not finite.
    const std::size_t slot = slot_of[key >> 16U];
    if (slot != 0) ++lower[(slot - 1) * kHalfBins + (key & 0xFFFFU)];
  }
  std::vector<float> found;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const std::size_t slot = slot_of[places[i].bin];
    const Place low = find_rank(&lower[(slot - 1) * kHalfBins], ranks[i] - places[i].before);
    found.push_back(value_of(places[i].bin << 16U | low.bin));
  }
  return found;
}

std::vector<double> percentiles(std::span<const float> values, std::span<const double> percents) {
  const RankFinder finder(values);
  if (finder.num_finite() == 0) return std::vector<double>(percents.size(), 0.0);
  const std::uint64_t last = finder.num_finite() - 1;
  std::vector<std::uint64_t> ranks;
  for (const double percent : percents) {
    const double position = percent / 100 * static_cast<double>(last);
    ranks.push_back(static_cast<std::uint64_t>(position));
    ranks.push_back(std::min(last, static_cast<std::uint64_t>(position) + 1));
  }
  const std::vector<float> found = finder.find(ranks);
  std::vector<double> result;
  for (std::size_t i = 0; i < percents.size(); ++i) {
    const double position = percents[i] / 100 * static_cast<double>(last);
    result.push_back(
        std::lerp(double{found[2 * i]}, double{found[2 * i + 1]}, position - std::floor(position)));
  }
  return result;
}

}  // namespace da3::image
