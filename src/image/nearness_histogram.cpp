// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>

#include <image/nearness_histogram.hpp>

namespace da3::image {
namespace {

constexpr double kLowest = -40;
constexpr double kOctaves = 80;

}  // namespace

void NearnessHistogram::add(const DepthMap& depth, double factor) {
  for (const float value : depth.values) {
    if (!std::isfinite(value) || !(value > 0)) continue;
    if (counts_.empty()) counts_.assign(kBins, 0);
    const double octave = -std::log2(value * factor) - kLowest;
    const double bin = std::clamp(octave * kBins / kOctaves, 0.0, static_cast<double>(kBins - 1));
    counts_[static_cast<std::size_t>(bin)] += 1;
  }
}

void NearnessHistogram::add(const NearnessHistogram& other) {
  if (other.counts_.empty()) return;
  if (counts_.empty()) counts_.assign(kBins, 0);
  for (std::size_t i = 0; i < kBins; ++i) counts_[i] += other.counts_[i];
}

void NearnessHistogram::decay(double factor) {
  for (double& count : counts_) count *= factor;
}

bool NearnessHistogram::empty() const {
  return std::accumulate(counts_.begin(), counts_.end(), 0.0) <= 0;
}

double NearnessHistogram::percentile(double percent) const {
  const double wanted = std::accumulate(counts_.begin(), counts_.end(), 0.0) * percent / 100;
  double below = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0 && below + counts_[i] >= wanted) {
      const double within = std::clamp((wanted - below) / counts_[i], 0.0, 1.0);
      return std::exp2(kLowest + (static_cast<double>(i) + within) * kOctaves / kBins);
    }
    below += counts_[i];
  }
  return 0;
}

std::optional<DepthRange> range_of(const NearnessHistogram& histogram, double spread) {
  if (histogram.empty()) return std::nullopt;
  constexpr double kLow = 2;
  constexpr double kHigh = 98;
  const double near = std::exp(-spread) / histogram.percentile(kHigh);
  const double far = std::exp(spread) / histogram.percentile(kLow);
  // Values that fill one bin alone are one depth, as far as this can tell.
  if (far / near < 1.01) return DepthRange{near / 2, near * 2};
  return DepthRange{near, far};
}

}  // namespace da3::image
