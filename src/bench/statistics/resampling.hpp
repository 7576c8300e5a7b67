// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <bench/statistics/statistics.hpp>

namespace da3::bench {

/// The 95 % interval of `statistic` by a two-stage bootstrap: rounds are drawn with replacement, then the
/// values within each drawn round, 4000 times from one fixed seed; the 2.5 % and 97.5 % quantiles of the
/// results. Source: Davison and Hinkley, Bootstrap Methods and their Application (1997), 3.8.
std::optional<Interval> bootstrap_interval(const Rounds& rounds, const Statistic& statistic);

/// The same for the ratio of `now` to `base`. Paired: the same rounds are drawn on both sides.
std::optional<Interval> bootstrap_ratio_interval(const Rounds& base, const Rounds& now, Pairing pairing,
                                                 const Statistic& statistic);

}  // namespace da3::bench
