// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace da3::image {

/// The values that would stand at `ranks` (0-based) if `values` were sorted. Exact, in two passes over the
/// values whatever their number. The values must be finite, and each rank less than their number.
std::vector<float> order_statistics(std::span<const float> values, std::span<const std::size_t> ranks);

/// The `percent`-th percentile of finite values, linear between the two nearest ranks (numpy's default); 0 of
/// none.
std::vector<double> percentiles(std::span<const float> values, std::span<const double> percents);

}  // namespace da3::image
