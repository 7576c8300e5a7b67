// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include <predict/batch_planner.hpp>
#include <video/run_video.hpp>
#include <video/work.hpp>

namespace da3::video {

/// Forward passes of frames, in batches of one size that fit.
class FramePredictor {
 public:
  /// Lifetime of both: this.
  FramePredictor(const VideoOptions& options, const VideoEnvironment& environment);

  /// Gives each frame its `raw`; a prediction that is not valid becomes its error. Throws: model errors.
  void predict(const Batch& batch);

  /// Keeps the prediction of the frame at `pts`, which will not be made again: that frame's input needs a
  /// size alone. Threads, of these three: also while another predicts.
  void keep(std::int64_t pts, Work& work);
  bool keeps(std::int64_t pts) const;
  std::size_t kept() const;

  /// Whether the network runs on the cores that all else needs.
  bool shares_cores() const;

  /// How many frames of `size` are worth waiting for. Threads: also while another predicts.
  int wanted_batch(Size size) const;
  double forward_s() const { return forward_s_; }
  /// Of the last forward pass, per frame; none before the first. Threads: not while another predicts.
  std::optional<double> last_forward_s() const { return last_forward_s_; }

 private:
  struct Prediction {
    DepthMap raw;
    std::optional<DepthMap> confidence;
    std::optional<DepthMap> sky;
    Look look;
  };
  std::size_t next_batch(Size size);
  bool take_kept(Work& work);
  void forward(const std::vector<Work*>& group, Size size, std::vector<Work*>& waiting);

  const VideoOptions& options_;
  predict::DepthModel& model_;
  mutable std::mutex mutex_;  ///< Of planner and kept predictions
  predict::BatchPlanner planner_;
  std::map<std::int64_t, Prediction> kept_;  ///< By time, until they are used
  double forward_s_ = 0;
  std::optional<double> last_forward_s_;
};

}  // namespace da3::video
