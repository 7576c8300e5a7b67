// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include <nlohmann/json.hpp>
#include <video/probe.hpp>
#include <video/video_plan.hpp>

namespace da3::video {

/// What of a frame depends on the frames before it: its scale, whether it begins a scene, its range of
/// colours.
class FramesOverTime {
 public:
  /// Lifetime of `plan`: this. Throws: as read_times, for --cuts FILE.
  explicit FramesOverTime(const VideoPlan& plan);

  /// What holds for the whole video.
  void whole_video(const Probed& probed);
  std::optional<DepthRange> range() const { return range_; }
  double grey_ref() const { return grey_ref_; }  ///< 0 before it is known

  /// The frames that are ready to be finished: these, or none while a running range waits for its first ones.
  Batch next(Batch batch);
  /// The frames that waited, at the end of the video.
  Batch rest() { return ranged(); }

  /// All that the next frame depends on, for a later run to go on from. No frame waits.
  nlohmann::json state() const;
  void restore(const nlohmann::json& state);

 private:
  bool is_given_cut(double seconds) const;
  bool begins_scene(Work& work);
  Batch ranged();
  void choose_range(Work& work);

  const VideoPlan& plan_;
  std::vector<double> cuts_;  ///< Given ones
  CutFinder cut_finder_;
  Steadying steadying_;
  RunningRange running_;
  bool primed_ = false;
  Batch waiting_;
  std::optional<DepthRange> range_;
  double grey_ref_ = 0;
};

nlohmann::json json_of(const std::optional<DepthRange>& range);
std::optional<DepthRange> range_of_json(const nlohmann::json& value);
/// Height and width of a journal. Throws: std::exception for what is no size of a picture.
Size size_of_json(const nlohmann::json& value);

}  // namespace da3::video
