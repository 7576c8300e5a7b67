// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>
#include <video/video_plan.hpp>

// The lines of manifest.jsonl that describe the run and its frames.
namespace da3::video {

/// All that decides results: a run with another key does not go on.
nlohmann::json run_key(const VideoPlan& plan, const predict::DepthModel& model);

/// What the video says of itself.
nlohmann::json facts_json(const VideoFacts& facts);

/// The first line. `encoders` by the streams' names; `over_time`: range and reference of the whole video.
struct WholeVideo {
  std::optional<DepthRange> range;
  std::size_t probes = 0;
  double grey_ref = 0;  ///< 0: not known yet
  std::map<std::string, std::string> encoders;
};
nlohmann::json video_record(const VideoPlan& plan, const predict::DepthModel& model, const VideoFacts& facts,
                            Ratio time_base, const WholeVideo& whole);

/// The input that a header names, byte for byte; none if it names none.
std::optional<std::string> path_of(const nlohmann::json& header);

/// The line of a frame, without what was written for it.
nlohmann::json frame_record(const VideoPlan& plan, const Work& work);

}  // namespace da3::video
