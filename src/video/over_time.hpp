// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <video/options/video_options.hpp>

#include <da3/image.hpp>

#include <image/nearness_histogram.hpp>

// One scale and one range of colours over the frames of a video.
namespace da3::video {

/// What steadying found for a frame.
struct Steadied {
  double factor = 1;  ///< Of the frame's depth
  double spread = 0;  ///< Median distance of the logarithms from their median; 0 for the first frame
  bool cut = false;   ///< The scene changed
};

/// Depth of single frames of a relative model has a scale of its own in each frame. This brings the next
/// frame to the scale of the one before, as the median of log(previous / this) over an eighth of the map
/// says, and lets it go back to the model's own with a time constant of 10 s, so that errors of the factor do
/// not add up. A frame of another size is compared with the one before at its own. Frames in order.
class Steadying {
 public:
  explicit Steadying(Cuts cuts = Cuts::kAuto) : cuts_(cuts) {}

  /// The factor of the frame whose processed depth (larger is farther) is `depth`, `seconds` after the start.
  Steadied next(const DepthMap& depth, double seconds, bool given_cut = false);

  /// All that the next frame depends on, for going on after an interruption.
  struct State {
    DepthMap previous;  ///< Steadied depth at an eighth; empty before the first frame
    double seconds = 0;
  };
  const State& state() const { return state_; }
  void restore(State state) { state_ = std::move(state); }

 private:
  Cuts cuts_;
  State state_;
};

/// Means of 8x8 blocks over their finite values above 0; NaN for blocks without any.
DepthMap eighth(const DepthMap& depth);

using image::DepthRange;
using image::NearnessHistogram;

/// A range that follows what a pipe brings: a histogram that forgets with a time constant of 2 s, whose ends
/// move at most 5 % of the range a second; anew at a cut.
class RunningRange {
 public:
  /// Frames whose depth starts it; they are added before the first `next`.
  static constexpr std::size_t kHeldBack = 8;

  void prime(const DepthMap& depth, double factor);
  std::optional<DepthRange> next(const DepthMap& depth, double factor, double seconds, bool cut);

  struct State {
    std::vector<double> counts;
    std::optional<DepthRange> range;
    double seconds = 0;
  };
  State state() const { return {histogram_.counts(), range_, seconds_}; }
  void restore(State state);

 private:
  NearnessHistogram histogram_;
  std::optional<DepthRange> range_;
  double seconds_ = 0;
};

/// How grey values of a depth video say depth, constant over the video.
struct GreyCode {
  bool millimetres = false;  ///< Else 1 + 65533 (log2(depth / ref) + 8) / 16
  double ref = 1;            ///< Depth in the middle of the logarithmic code
};

/// Grey values, 0 for no value. Metric: millimetres as in png16. Values outside are the nearest of those
/// inside.
std::vector<std::uint16_t> grey_codes(const DepthMap& depth, const GreyCode& code);

/// The median of finite values above 0; none without any.
std::optional<double> median_depth(const DepthMap& depth);

}  // namespace da3::video
