// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <da3/model_spec.hpp>

namespace da3::engine {

/// Height, width and seed of the picture that exports use.
inline constexpr int kSelftestHeight = 70;
inline constexpr int kSelftestWidth = 98;
inline constexpr int kSelftestSeed = 1;

/// `shape` with the statistics of `depth`: mean, and the 2, 50 and 98 percent quantiles, linear between
/// neighbours. Throws: Error kPredictionInvalid for values that are not finite or none at all.
Selftest selftest_statistics(Selftest shape, std::vector<float> depth);

/// The largest relative difference of the four statistics; compare with `expected.tolerance`.
double selftest_error(const Selftest& actual, const Selftest& expected);

}  // namespace da3::engine
