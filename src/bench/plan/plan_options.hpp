// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <da3/device.hpp>
#include <da3/image.hpp>

#include <bench/measure/clock.hpp>
#include <bench/suite_table.hpp>

namespace da3::bench {

inline constexpr int kDefaultProcessRes = 504;
inline constexpr int kQuickProcessRes = 280;

/// What to measure. An empty list or 0 stands for the default, which --quick makes smaller.
struct PlanOptions {
  std::vector<SuiteName> suites;  ///< Those that run by default (suite_table.hpp)
  std::vector<SuiteName> skipped_suites;
  std::vector<std::string> models;                   ///< da3-small and da3-base
  std::vector<DeviceId> devices;                     ///< The CPU
  std::vector<std::optional<Precision>> precisions;  ///< None, as an entry: the device's own
  std::vector<Attention> attention;                  ///< Both where modes are compared, else sdpa
  std::vector<int> batches;                          ///< 1, 2, 4, 8
  std::vector<Size> image_sizes;    ///< The photos: 1280x720; preprocess has three other ones
  std::vector<int> process_res;     ///< 504
  std::vector<int> threads;         ///< The machine's own
  std::vector<int> tokens;          ///< Of the attention suite
  std::vector<std::string> photos;  ///< Of accuracy, instead of drawn pictures
  std::vector<std::string>
      datasets;  ///< Folders with ground truth for accuracy, in addition to the drawn pictures
  std::vector<std::string> result_formats;  ///< That folder writes: png16, vis
  int images = 0;                           ///< Of batching and folder: 20
  int soak_images = 0;                      ///< 2000
  int runs = 0;                             ///< 5; side by side 3 a round
  int rounds = 0;                           ///< 5; side by side 12; never more than runs
  int warmups = -1;                         ///< 2; below 0: the default
  Nanoseconds min_time{0};
  bool quick = false;
  bool side_by_side = false;  ///< Two programs alternately (measure_against): a process each a round
  double budget_s = 0;        ///< 240 with --quick, else none
};

}  // namespace da3::bench
