// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <da3/image.hpp>

namespace da3::image {

/// Depth shown as nearest and farthest, near < far.
using DepthRange = std::pair<double, double>;

/// Counts of the logarithms of inverse depth: 8192 bins over 2^-40 to 2^40, 0.7 % each. Adding maps in any
/// order, and merging parts, gives the same counts. Threads: one.
class NearnessHistogram {
 public:
  static constexpr std::size_t kBins = 8192;

  /// Adds the finite values above 0 of `depth` (larger is farther) times `factor`.
  void add(const DepthMap& depth, double factor = 1);

  void add(const NearnessHistogram& other);

  /// Multiplies all counts, so that what was added before weighs less.
  void decay(double factor);

  bool empty() const;

  /// Inverse depth below which `percent` of the values lie, linear within a bin; 0 of none.
  double percentile(double percent) const;

  const std::vector<double>& counts() const { return counts_; }
  void restore(std::vector<double> counts) { counts_ = std::move(counts); }

 private:
  std::vector<double> counts_;  ///< Empty before the first value
};

/// The range that shows all of it: 2nd to 98th percentile. `spread` widens its logarithms on both ends; one
/// depth everywhere gives a range around it. None without values.
std::optional<DepthRange> range_of(const NearnessHistogram& histogram, double spread = 0);

}  // namespace da3::image
