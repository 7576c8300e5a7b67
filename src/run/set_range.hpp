// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <journal/result_folder.hpp>

#include <image/nearness_histogram.hpp>
#include <run/options.hpp>
#include <run/settings.hpp>

namespace da3::run {

struct DrawnSet {
  std::optional<image::DepthRange> range;  ///< None: there was nothing to draw
  std::vector<std::string> left_out;       ///< What has neither a part in the range nor was drawn
  std::vector<std::string> not_drawn;      ///< Why the pictures of some results have their own range
};

/// Draws the pictures of all results of `folder` that have this run's options (of those that `options.shard`
/// made or takes) again with one range for all of them: reads back what was written twice, once for the range
/// and once to draw, until `stop` is set. Throws: Error kOutputFailed.
DrawnSet draw_with_range_of_set(const Options& options, const Settings& settings,
                                journal::ResultFolder& folder, int threads, const std::stop_token& stop);

}  // namespace da3::run
