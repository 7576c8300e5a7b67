// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>

#include <bench/statistics/resampling.hpp>

namespace da3::bench {
namespace {

constexpr int kResamples = 4000;

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers with every standard library.
class Random {
 public:
  std::size_t below(std::size_t bound) {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    // The bias of the remainder is below bound / 2^64.
    return static_cast<std::size_t>((z ^ (z >> 31U)) % bound);
  }

 private:
  std::uint64_t state_ = 0xDA3;
};

Rounds finite_rounds(const Rounds& rounds) {
  Rounds kept;
  for (const std::vector<double>& round : rounds) {
    std::vector<double> values;
    std::copy_if(round.begin(), round.end(), std::back_inserter(values),
                 [](double v) { return std::isfinite(v); });
    if (!values.empty()) kept.push_back(std::move(values));
  }
  return kept;
}

std::size_t count(const Rounds& rounds) {
  std::size_t total = 0;
  for (const std::vector<double>& round : rounds) total += round.size();
  return total;
}

void draw_within(const std::vector<double>& round, Random& random, std::vector<double>& drawn) {
  for (std::size_t i = 0; i < round.size(); ++i) drawn.push_back(round[random.below(round.size())]);
}

double statistic_of(std::vector<double>& drawn, const Statistic& statistic) {
  std::sort(drawn.begin(), drawn.end());
  return statistic(drawn);
}

Interval middle_95_percent(std::vector<double>& results) {
  std::sort(results.begin(), results.end());
  return {quantile(results, 0.025), quantile(results, 0.975)};
}

}  // namespace

std::optional<Interval> bootstrap_interval(const Rounds& rounds, const Statistic& statistic) {
  const Rounds kept = finite_rounds(rounds);
  if (count(kept) < 2) return std::nullopt;
  Random random;
  std::vector<double> results;
  std::vector<double> drawn;
  for (int i = 0; i < kResamples; ++i) {
    drawn.clear();
    for (std::size_t r = 0; r < kept.size(); ++r) draw_within(kept[random.below(kept.size())], random, drawn);
    results.push_back(statistic_of(drawn, statistic));
  }
  return middle_95_percent(results);
}

std::optional<Interval> bootstrap_ratio_interval(const Rounds& base, const Rounds& now, Pairing pairing,
                                                 const Statistic& statistic) {
  const Rounds old_rounds = finite_rounds(base);
  const Rounds new_rounds = finite_rounds(now);
  if (count(old_rounds) < 2 || count(new_rounds) < 2) return std::nullopt;
  const bool paired = pairing == Pairing::kByRound && old_rounds.size() == new_rounds.size();
  Random random;
  std::vector<double> results;
  std::vector<double> old_drawn;
  std::vector<double> new_drawn;
  for (int i = 0; i < kResamples; ++i) {
    old_drawn.clear();
    new_drawn.clear();
    for (std::size_t r = 0; r < old_rounds.size(); ++r) {
      const std::size_t pick = random.below(old_rounds.size());
      draw_within(old_rounds[pick], random, old_drawn);
      if (paired) draw_within(new_rounds[pick], random, new_drawn);
    }
    for (std::size_t r = 0; !paired && r < new_rounds.size(); ++r) {
      draw_within(new_rounds[random.below(new_rounds.size())], random, new_drawn);
    }
    results.push_back(statistic_of(new_drawn, statistic) / statistic_of(old_drawn, statistic));
  }
  return middle_95_percent(results);
}

}  // namespace da3::bench
