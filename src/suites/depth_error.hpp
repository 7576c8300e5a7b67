// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace da3::suites {

/// How far depths are from a reference, over all values added. Values that are not finite or not above 0 in
/// the reference do not count; those of the other side count as infinitely wrong.
class DepthError {
 public:
  /// Throws: Error kInternal for different lengths.
  void add(std::span<const float> reference, std::span<const float> depth);

  std::size_t count() const { return count_; }
  double abs_rel() const;                      ///< Mean of |d - r| / r
  double max_rel() const { return largest_; }  ///< Largest of |d - r| / r
  double delta1() const;                       ///< Share with max(d / r, r / d) < 1.25

 private:
  std::size_t count_ = 0;
  std::size_t close_ = 0;
  double sum_ = 0;
  double largest_ = 0;
};

}  // namespace da3::suites
