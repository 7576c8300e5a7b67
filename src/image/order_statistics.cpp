// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include <core/vector_clones.hpp>
#include <image/order_statistics.hpp>

namespace da3::image {
namespace {

constexpr std::uint32_t kSignBit = 0x80000000U;
constexpr std::size_t kHalfBins = 65536;

/// An unsigned number that grows with the float.
constexpr std::uint32_t key_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
}

float value_of(std::uint32_t key) {
  return std::bit_cast<float>((key & kSignBit) != 0 ? key & ~kSignBit : ~key);
}

/// Of a key whose sign counts.
float signed_value_of(std::int32_t key) {
  return std::bit_cast<float>(key ^ ((key >> 31) & std::numeric_limits<std::int32_t>::max()));
}

/// The bin where a running count passes a rank, and the count before it.
struct Place {
  std::uint32_t bin = 0;
  std::uint64_t before = 0;
};

/// `from`: the place of any rank, with which the search begins if it is not too far.
Place find_rank(const std::uint32_t* counts, std::uint64_t rank, Place from) {
  if (from.before > rank) from = {};
  while (from.before + counts[from.bin] <= rank) from.before += counts[from.bin++];
  return from;
}

struct Extremes {
  std::int32_t least = 0;  ///< Keys whose sign counts
  std::int32_t greatest = 0;
};

/// Of the finite values; the least above the greatest where there is none.
DA3_VECTOR_CLONES Extremes extremes_of(const float* values, std::size_t count) {
  constexpr std::int32_t kAllButSign = std::numeric_limits<std::int32_t>::max();
  constexpr std::int32_t kInfinite = 0x7F800000;
  std::int32_t least = kAllButSign;
  std::int32_t greatest = -kAllButSign;
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<std::int32_t>(values[i]);
    const std::int32_t key = bits ^ ((bits >> 31) & kAllButSign);  // Grows with the value
    // Without branches, so that the loop becomes vectors.
    const std::int32_t finite = ((bits & kAllButSign) - kInfinite) >> 31;
    const std::int32_t low = (key & finite) | (kAllButSign & ~finite);
    const std::int32_t high = (key & finite) | (-kAllButSign & ~finite);
    least = low < least ? low : least;
    greatest = high > greatest ? high : greatest;
  }
  return {least, greatest};
}

DA3_VECTOR_CLONES void upper_halves(const float* values, std::size_t count,
                                    std::uint16_t* __restrict halves) {
  for (std::size_t i = 0; i < count; ++i) halves[i] = static_cast<std::uint16_t>(key_of(values[i]) >> 16U);
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

std::optional<std::pair<float, float>> finite_range(std::span<const float> values) {
  const Extremes ends = extremes_of(values.data(), values.size());
  if (ends.least > ends.greatest) return std::nullopt;
  return std::pair{signed_value_of(ends.least), signed_value_of(ends.greatest)};
}

RankFinder::RankFinder(std::span<const float> values) : values_(values), upper_(kHalfBins, 0) {
  // Neighbours often fall into one bin; in two counts they do not wait for each other.
  std::vector<std::uint32_t> odd(kHalfBins, 0);
  constexpr std::size_t kSome = 512;
  std::array<std::uint16_t, kSome> halves{};
  for (std::size_t begin = 0; begin < values.size(); begin += kSome) {
    const std::size_t count = std::min(kSome, values.size() - begin);
    upper_halves(values.data() + begin, count, halves.data());
    for (std::size_t i = 0; i + 1 < count; i += 2) {
      ++upper_[halves[i]];
      ++odd[halves[i + 1]];
    }
    if (count % 2 != 0) ++upper_[halves[count - 1]];
  }
  for (std::size_t bin = 0; bin < kHalfBins; ++bin) upper_[bin] += odd[bin];
  // Infinities and what is no number are at both ends.
  constexpr std::uint32_t kFirst = key_of(std::numeric_limits<float>::lowest()) >> 16U;
  constexpr std::uint32_t kLast = key_of(std::numeric_limits<float>::max()) >> 16U;
  std::fill_n(upper_.begin(), kFirst, 0U);
  std::fill(upper_.begin() + kLast + 1, upper_.end(), 0U);
  num_finite_ = std::accumulate(upper_.begin(), upper_.end(), std::uint64_t{0});
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
  const auto is_within = [&](std::uint64_t rank) { return rank > 0 && rank + 1 < num_finite_; };
  std::vector<Place> places;
  std::vector<std::uint32_t> bins;  // That hold a rank
  Place last;
  for (const std::uint64_t rank : ranks) {
    if (is_within(rank)) last = find_rank(upper_.data(), rank, last);
    places.push_back(last);
    if (is_within(rank) && std::ranges::find(bins, last.bin) == bins.end()) bins.push_back(last.bin);
  }
  const std::vector<std::uint32_t> lower = count_lower(bins);
  // Those at the ends need no bins, which would be others than those of the rest.
  const Extremes ends = ranks.empty() ? Extremes{} : extremes_of(values_.data(), values_.size());
  std::vector<float> found;
  last = {};
  std::size_t last_slot = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    if (!is_within(ranks[i])) {
      found.push_back(signed_value_of(ranks[i] == 0 ? ends.least : ends.greatest));
      continue;
    }
    const auto slot = static_cast<std::size_t>(std::ranges::find(bins, places[i].bin) - bins.begin());
    if (std::exchange(last_slot, slot) != slot) last = {};
    last = find_rank(&lower[slot * kHalfBins], ranks[i] - places[i].before, last);
    found.push_back(value_of(places[i].bin << 16U | last.bin));
  }
  return found;
}

/// The lower halves of the values in `bins`, counted for each bin.
std::vector<std::uint32_t> RankFinder::count_lower(const std::vector<std::uint32_t>& bins) const {
  std::vector<std::uint32_t> lower(bins.size() * kHalfBins, 0);
  if (bins.empty()) return lower;
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
  return lower;
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
