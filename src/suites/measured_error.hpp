// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace da3::suites {

/// Errors d of a prediction against measured depth r, both in metres. Source: Eigen, Puhrsch and Fergus,
/// Depth Map Prediction from a Single Image using a Multi-Scale Deep Network (2014), 4.2.
struct MeasuredError {
  double abs_rel = 0;  ///< Mean of |d - r| / r
  double rmse_m = 0;   ///< Root of the mean of (d - r)^2
  double log10 = 0;    ///< Mean of |log10 d - log10 r|; not finite if a depth is not above 0
  double delta1 = 0;   ///< Share with max(d / r, r / d) < 1.25
  double delta2 = 0;   ///< Share below 1.25^2
  double delta3 = 0;   ///< Share below 1.25^3
};

/// Over the pixels of one photo whose measured depth is above 0. Throws: Error kInternal if there is none or
/// lengths differ.
MeasuredError measured_error(std::span<const double> predicted_m, std::span<const float> measured_m);

/// The mean over photos, each of equal weight, as is customary.
class MeanError {
 public:
  void add(const MeasuredError& error);
  /// All 0 before the first photo.
  MeasuredError mean() const;

 private:
  MeasuredError sum_;
  std::size_t photos_ = 0;
};

}  // namespace da3::suites
