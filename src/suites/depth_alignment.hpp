// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <da3/model_spec.hpp>

namespace da3::suites {

/// How a prediction without a unit is brought to metres before it is judged.
enum class Alignment {
  kNone,           ///< It is in metres
  kMedian,         ///< By one factor, so that the medians agree
  kScaleAndShift,  ///< By a factor and an offset that make the sum of squared differences smallest
};

/// "none", "median", "scale and shift".
std::string_view to_string(Alignment alignment);

/// The prediction in metres. Values of relative models are aligned as depth, of inverse models as 1 / depth,
/// over the pixels where `measured` (metres) is above 0. Aligned depth below 1 mm becomes 1 mm, depth beyond
/// ten times the farthest measured one becomes that. Throws: Error kPredictionInvalid if the prediction is
/// not finite there, kImageUnsupported if nothing was measured, kInternal for different lengths.
std::vector<double> aligned_metres(std::span<const float> predicted, std::span<const float> measured,
                                   DepthKind kind, Alignment alignment);

}  // namespace da3::suites
