// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include <formats/output_set.hpp>

#include <da3/image.hpp>

namespace da3::formats {

/// Values of a depth map, over its finite values.
struct DepthStatistics {
  double min = 0;
  double p2 = 0;  ///< 2nd percentile, linear between neighbours (numpy's default)
  double median = 0;
  double p98 = 0;
  double max = 0;

  auto operator<=>(const DepthStatistics&) const = default;
};

struct DepthSummary {
  std::optional<DepthStatistics> values;  ///< None if no value is finite
  double finite = 0;                      ///< Share of finite values, 0..1
};

/// Exact statistics of every value, by two passes over the values' bits.
DepthSummary summarise(const DepthMap& depth);

/// The same of the results' depth, and into `results` the ranges that files of these formats show.
DepthSummary summarise(OutputSet& results, const std::vector<Format>& formats);

}  // namespace da3::formats
