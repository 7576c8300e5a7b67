// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <formats/depth_statistics.hpp>
#include <formats/encode.hpp>
#include <formats/output_set.hpp>
#include <video/cut_finder.hpp>
#include <video/frame.hpp>
#include <video/over_time.hpp>

namespace da3::video {

/// A taken frame on its way: what each stage adds to it.
struct Work {
  // Of FrameSource.
  Frame frame;
  std::int64_t taken = 0;  ///< Its place among the taken frames
  std::int64_t pts = 0;    ///< In the output's time base
  double seconds = 0;
  std::optional<double> until_s;  ///< Where the next taken frame begins; only for a constant rate

  Image input;  ///< For the network
  Look look;    ///< Of the picture

  // Of FramePredictor.
  DepthMap raw;                        ///< As the network gives it, (H, W) processed
  std::optional<DepthMap> confidence;  ///< The same, if wanted
  std::optional<DepthMap> sky;
  double forward_ms = 0;

  // Of FramesOverTime.
  Steadied steadied;
  double change = 0;  ///< Of colours since the frame before
  std::optional<DepthRange> range;
  double grey_ref = 1;

  // Of finish_frame.
  formats::OutputSet set;
  HalvedPicture colours;  ///< What an encoded video of colours shows
  Image vis;              ///< The same as RGB, for what shows it next to something or as a pipe
  formats::EncodedSet files;
  std::optional<formats::DepthSummary> summary;
};

using WorkPtr = std::unique_ptr<Work>;
using Batch = std::vector<WorkPtr>;

}  // namespace da3::video
