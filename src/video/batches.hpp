// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <video/frame_predictor.hpp>
#include <video/frame_source.hpp>
#include <video/video_plan.hpp>
#include <video/work.hpp>

namespace da3::video {

/// The next frames of `source`, prepared for the network: as many as `predictor` takes at a time, or as are
/// best read at a time, up to the next checkpoint. Empty after the last.
Batch next_batch(const VideoPlan& plan, const FramePredictor& predictor, FrameSource& source);

}  // namespace da3::video
