// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <depth/way.hpp>
#include <formats/encode.hpp>
#include <video/outputs.hpp>
#include <video/run_video.hpp>
#include <video/work.hpp>

namespace da3::video {

/// What options and model decide before the first frame; every stage reads it. Lifetime of the options: this.
struct VideoPlan {
  const VideoOptions& options;
  OutputPlan outputs{};
  depth::Way way{};
  depth::Way small_way{};         ///< The same with results at the network's size
  formats::EncodeOptions encode;  ///< Of files of single frames
  bool steadies = false;          ///< Frames are brought to one scale
  RangeMode range_mode = RangeMode::kVideo;

  std::optional<depth::Focal> focal(Size original) const;

  /// Depth, larger is farther, at the network's size.
  DepthMap small_depth(const Work& work) const;

  /// What the frame's depth is multiplied by in pictures, and in values.
  double picture_factor(const Work& work) const { return steadies ? work.steadied.factor : 1; }
  double value_factor(const Work& work) const {
    return options.steady == Steady::kScale ? picture_factor(work) : 1;
  }

  bool has_running_range() const { return range_mode == RangeMode::kRunning && outputs.has_pictures(); }
};

/// Throws: Error kUsage, kVideoUnavailable, kFocalMissing.
VideoPlan plan_video(const VideoOptions& options, const ModelSpec& model, const VideoLibrary* library);

}  // namespace da3::video
