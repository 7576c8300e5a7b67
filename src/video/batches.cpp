// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include <video/batches.hpp>
#include <video/encoded_streams.hpp>
#include <video/finish_frame.hpp>

namespace da3::video {
namespace {

/// Frames between which a CPU goes from network to the rest and back. What each frame takes differs by its
/// kind (I, P, B); the cores wait for one another less if they share several, and caches are used
/// better: 6.8 ms a frame of 1280x720 between passes on two cores with one at a time, 5.5 with four. Not
/// for pipes, where frames should come soon, nor with slow networks, whose runs would end late.
std::int64_t most_at_a_time(const VideoPlan& plan, const FramePredictor& predictor, Size shown) {
  constexpr std::int64_t kMost = 4;
  constexpr double kPixels = 4e6;
  constexpr double kSlow_s = 0.2;
  const bool pipes = plan.options.input == "-" || plan.outputs.pipe != Pipe::kNone;
  if (!predictor.shares_cores() || pipes) return 1;
  const std::optional<double> forward_s = predictor.last_forward_s();
  if (!forward_s || *forward_s > kSlow_s) return 1;
  const double pixels = std::max(1.0, static_cast<double>(shown.area()));
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(kPixels / pixels), 1, kMost);
}

}  // namespace

Batch next_batch(const VideoPlan& plan, const FramePredictor& predictor, FrameSource& source) {
  Batch batch;
  // A checkpoint stands between batches, never within one.
  const std::int64_t room = kSegmentFrames - source.taken() % kSegmentFrames;
  const bool shows_photo = plan.outputs.shows_photo();
  const auto needs_picture = [&](std::int64_t pts) { return shows_photo || !predictor.keeps(pts); };
  std::int64_t wanted = 1;
  const std::int64_t most = most_at_a_time(plan, predictor, source.facts().shown);
  while (static_cast<std::int64_t>(batch.size()) < std::min(room, wanted)) {
    WorkPtr work = source.next(needs_picture);
    if (!work) break;
    if (!work->frame.error) {
      prepare_frame(plan, *work);
      if (!shows_photo) source.reuse(std::exchange(work->frame.picture.rgb, {}));
      wanted = std::max<std::int64_t>(predictor.wanted_batch(work->input.size), most);
    }
    batch.push_back(std::move(work));
  }
  return batch;
}

}  // namespace da3::video
