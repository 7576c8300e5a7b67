// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

#include <core/vector_clones.hpp>
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

constexpr std::size_t kBlock = 64;

/// Marks the values that fall into one of `bins`; false if there is none.
DA3_VECTOR_CLONES bool mark_bins(const float* values, std::size_t count, const std::uint32_t* bins,
                                 std::size_t num_bins, std::uint8_t* marks) {
  std::array<std::uint32_t, kBlock> keys{};
  for (std::size_t i = 0; i < count; ++i) keys[i] = key_of(values[i]) >> 16U;
  std::array<std::uint32_t, kBlock> found{};
  for (std::size_t bin = 0; bin < num_bins; ++bin) {
    for (std::size_t i = 0; i < kBlock; ++i) found[i] |= keys[i] == bins[bin] ? 1U : 0U;
  }
  std::uint32_t any = 0;
  for (std::size_t i = 0; i < count; ++i) {
    marks[i] = static_cast<std::uint8_t>(found[i]);
    any |= found[i];
  }
  return any != 0;
}

/// Calls `take` with the places of the marks that are 1; those that are 0 are passed over eight at a time.
template <typename Take>
void for_each_mark(const std::array<std::uint8_t, kBlock>& marks, const Take& take) {
  static_assert(std::endian::native == std::endian::little);
  for (std::size_t first = 0; first < kBlock; first += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, marks.data() + first, sizeof eight);
    for (; eight != 0; eight &= eight - 1)
      take(first + static_cast<std::size_t>(std::countr_zero(eight)) / 8);
  }
}

}  // namespace

RankFinder::RankFinder(std::span<const float> values) : values_(values), upper_(kHalfBins, 0) {
  // Neighbours often fall into one bin; in two counts they do not wait for each other.
  std::vector<std::uint32_t> odd(kHalfBins, 0);
  std::uint64_t finite[2] = {0, 0};
  const auto count = [](float value, std::uint32_t* bins, std::uint64_t& finite_values) {
    const bool is_finite = std::isfinite(value);
    bins[key_of(is_finite ? value : 0.0F) >> 16U] += is_finite ? 1U : 0U;
    finite_values += is_finite ? 1U : 0U;
  };
  std::size_t i = 0;
  for (; i + 1 < values.size(); i += 2) {
    count(values[i], upper_.data(), finite[0]);
    count(values[i + 1], odd.data(), finite[1]);
  }
  if (i < values.size()) count(values[i], upper_.data(), finite[0]);
  for (std::size_t bin = 0; bin < kHalfBins; ++bin) upper_[bin] += odd[bin];
  num_finite_ = finite[0] + finite[1];
}

std::uint64_t RankFinder::num_up_to(float most) const {
  const std::uint32_t key = key_of(most);
  const std::uint64_t below =
      std::accumulate(upper_.begin(), upper_.begin() + (key >> 16U), std::uint64_t{0});
  if (upper_[key >> 16U] == 0) return below;
  return below + static_cast<std::uint64_t>(std::count_if(values_.begin(), values_.end(), [&](float value) {
           const std::uint32_t each = key_of(value);
           return each >> 16U == key >> 16U && each <= key && std::isfinite(value);
         }));
}

std::vector<float> RankFinder::find(std::span<const std::uint64_t> ranks) const {
  std::vector<Place> places;
  std::vector<std::uint32_t> bins;  // That hold a rank
  for (const std::uint64_t rank : ranks) {
    places.push_back(find_rank(upper_.data(), rank));
    if (std::ranges::find(bins, places.back().bin) == bins.end()) bins.push_back(places.back().bin);
  }
  std::vector<std::uint32_t> lower(bins.size() * kHalfBins, 0);
  std::array<std::uint8_t, kBlock> has_rank{};
  for (std::size_t begin = 0; begin < values_.size(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, values_.size() - begin);
    const float* const block = values_.data() + begin;
    // Few values are in these bins, and none that is not finite.
    if (count < kBlock) has_rank.fill(0);
    if (!mark_bins(block, count, bins.data(), bins.size(), has_rank.data())) continue;
    for_each_mark(has_rank, [&](std::size_t i) {
      const std::uint32_t key = key_of(block[i]);
      const auto slot = static_cast<std::size_t>(std::ranges::find(bins, key >> 16U) - bins.begin());
      ++lower[slot * kHalfBins + (key & 0xFFFFU)];
    });
  }
  std::vector<float> found;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const auto slot = static_cast<std::size_t>(std::ranges::find(bins, places[i].bin) - bins.begin());
    const Place low = find_rank(&lower[slot * kHalfBins], ranks[i] - places[i].before);
    found.push_back(value_of(places[i].bin << 16U | low.bin));
  }
  return found;
}

QuantilePlace place_of_quantile(double share, std::uint64_t count) {
  const double position = share * static_cast<double>(count - 1);
  const auto below = static_cast<std::uint64_t>(position);
  return {below, std::min(below + 1, count - 1), position - static_cast<double>(below)};
}

std::vector<double> percentiles(std::span<const float> values, std::span<const double> percents) {
  const RankFinder finder(values);
  if (finder.num_finite() == 0) return std::vector<double>(percents.size(), 0.0);
  std::vector<QuantilePlace> places;
  std::vector<std::uint64_t> ranks;
  for (const double percent : percents) {
    places.push_back(place_of_quantile(percent / 100, finder.num_finite()));
    ranks.insert(ranks.end(), {places.back().below, places.back().above});
  }
  const std::vector<float> found = finder.find(ranks);
  std::vector<double> result;
  for (std::size_t i = 0; i < places.size(); ++i) {
    result.push_back(places[i].between(double{found[2 * i]}, double{found[2 * i + 1]}));
  }
  return result;
}

}  // namespace da3::image
