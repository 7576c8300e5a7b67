// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <string>

#include <da3/error.hpp>

#include <core/names.hpp>
#include <suites/depth_alignment.hpp>

namespace da3::suites {
namespace {

constexpr core::NameTable<Alignment, 3> kNames{{{Alignment::kNone, "none"},
                                                {Alignment::kMedian, "median"},
                                                {Alignment::kScaleAndShift, "scale and shift"}}};
constexpr double kNearestMetres = 1e-3;
constexpr double kFarthestShare = 10;  // of the farthest measured depth

// Pixels that count, both sides in the domain in which they are aligned.
struct Pairs {
  std::vector<double> predicted;
  std::vector<double> wanted;
  double farthest = 0;
};

Pairs measured_pairs(std::span<const float> predicted, std::span<const float> measured, DepthKind kind) {
  Pairs pairs;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    if (!(measured[i] > 0)) continue;
    if (!std::isfinite(predicted[i])) {
      throw Error(ErrorCode::kPredictionInvalid,
                  "the model's depth is not finite where depth was measured, so it cannot be judged");
    }
    pairs.predicted.push_back(predicted[i]);
    pairs.wanted.push_back(kind == DepthKind::kInverse ? 1.0 / measured[i] : measured[i]);
    pairs.farthest = std::max(pairs.farthest, double{measured[i]});
  }
  if (pairs.wanted.empty()) {
    throw Error(ErrorCode::kImageUnsupported,
                "no pixel has a depth above 0, so there is nothing to judge by");
  }
  return pairs;
}

double median_of(std::vector<double> values) {
  const std::size_t half = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(half), values.end());
  const double upper = values[half];
  if (values.size() % 2 == 1) return upper;
  return (*std::max_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(half)) + upper) / 2;
}

// wanted = scale * predicted + shift
struct Line {
  double scale = 1;
  double shift = 0;
};

Line by_median(const Pairs& pairs) {
  const double median = median_of(pairs.predicted);
  if (!(median > 0)) {
    throw Error(ErrorCode::kPredictionInvalid,
                "the median of the model's depth is not above 0, so no factor brings it to metres");
  }
  return {median_of(pairs.wanted) / median, 0};
}

// The normal equations, with means taken off first for the sake of precision.
Line by_least_squares(const Pairs& pairs) {
  const auto n = static_cast<double>(pairs.wanted.size());
  double mean_predicted = 0;
  double mean_wanted = 0;
  for (std::size_t i = 0; i < pairs.wanted.size(); ++i) {
    mean_predicted += pairs.predicted[i] / n;
    mean_wanted += pairs.wanted[i] / n;
  }
  double covariance = 0;
  double variance = 0;
  for (std::size_t i = 0; i < pairs.wanted.size(); ++i) {
    const double off = pairs.predicted[i] - mean_predicted;
    covariance += off * (pairs.wanted[i] - mean_wanted);
    variance += off * off;
  }
  // A flat prediction tells nothing but the mean.
  const double scale = variance > 0 ? covariance / variance : 0;
  return {scale, mean_wanted - scale * mean_predicted};
}

Line line_for(const Pairs& pairs, Alignment alignment) {
  switch (alignment) {
    case Alignment::kNone:
      return {};
    case Alignment::kMedian:
      return by_median(pairs);
    case Alignment::kScaleAndShift:
      return by_least_squares(pairs);
  }
  return {};
}

}  // namespace

std::string_view to_string(Alignment alignment) {
  return core::name_of(kNames, alignment);
}

std::vector<double> aligned_metres(std::span<const float> predicted, std::span<const float> measured,
                                   DepthKind kind, Alignment alignment) {
  if (predicted.size() != measured.size()) {
    throw Error(ErrorCode::kInternal, "depths of " + std::to_string(predicted.size()) + " and " +
                                          std::to_string(measured.size()) + " values cannot be aligned");
  }
  const Pairs pairs = measured_pairs(predicted, measured, kind);
  const Line line = line_for(pairs, alignment);
  const double farthest = kFarthestShare * pairs.farthest;
  std::vector<double> metres(predicted.size());
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    const double value = line.scale * predicted[i] + line.shift;
    const double depth = kind != DepthKind::kInverse ? value : (value > 1 / farthest ? 1 / value : farthest);
    metres[i] = alignment == Alignment::kNone ? depth : std::clamp(depth, kNearestMetres, farthest);
  }
  return metres;
}

}  // namespace da3::suites
