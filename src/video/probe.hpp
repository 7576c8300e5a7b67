// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <stop_token>

#include <video/frame_predictor.hpp>
#include <video/frame_source.hpp>
#include <video/video_plan.hpp>

#include <core/parallel.hpp>

namespace da3::video {

/// What frames spread over the video say about all of it.
struct Probed {
  std::optional<DepthRange> range;
  std::optional<double> grey_ref;  ///< The median of the frames' median depths
};

/// Looks at up to 64 frames spread evenly over those that are taken. `source` knows them and is not moved on;
/// `predictor` keeps their predictions; `team` reads a frame while another is looked at.
Probed probe(const VideoPlan& plan, const VideoLibrary* library, const FrameSource& source,
             FramePredictor& predictor, core::Team& team, const std::stop_token& stop);

}  // namespace da3::video
