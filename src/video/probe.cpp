// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <video/finish_frame.hpp>
#include <video/probe.hpp>

namespace da3::video {
namespace {

constexpr std::size_t kProbes = 64;

/// Depth of the frames that are looked at.
class Findings {
 public:
  Findings(const VideoPlan& plan, FramePredictor& predictor) : plan_(plan), predictor_(predictor) {}

  void look_at(Frame frame) {
    if (frame.error || predictor_.keeps(frame.pts)) return;
    Batch batch;
    batch.push_back(std::make_unique<Work>());
    Work& work = *batch.front();
    work.frame = std::move(frame);
    prepare_frame(plan_, work);
    predictor_.predict(batch);
    if (work.frame.error) return;
    const DepthMap depth = plan_.small_depth(work);
    histogram_.add(depth);
    if (const auto median = median_depth(depth)) log_medians_.push_back(std::log(*median));
    predictor_.keep(work.frame.pts, work);
  }

  Probed result() {
    Probed found;
    if (log_medians_.empty()) return found;
    const auto count = static_cast<double>(log_medians_.size());
    double mean = 0;
    for (const double each : log_medians_) mean += each / count;
    double variance = 0;
    for (const double each : log_medians_) variance += (each - mean) * (each - mean) / count;
    // Steadied frames follow the first one's scale, raw ones their own: the range covers both.
    found.range = image::range_of(histogram_, plan_.steadies ? std::sqrt(variance) : 0);
    const auto middle = log_medians_.begin() + static_cast<std::ptrdiff_t>(log_medians_.size() / 2);
    std::nth_element(log_medians_.begin(), middle, log_medians_.end());
    found.grey_ref = std::exp(*middle);
    return found;
  }

 private:
  const VideoPlan& plan_;
  FramePredictor& predictor_;
  NearnessHistogram histogram_;
  std::vector<double> log_medians_;
};

/// The middle of part `k` of `count` equal parts of `total`.
std::size_t middle_of_part(std::size_t k, std::size_t count, std::size_t total) {
  return (2 * k + 1) * total / (2 * count);
}

/// By time, without knowing the frames: for long videos, whose packets would take long to read.
void look_by_time(const VideoOptions& options, VideoReader& reader, Findings& findings,
                  const std::stop_token& stop) {
  const VideoFacts& facts = reader.facts();
  const std::optional<Frame> first = reader.next(Want::kTimeOnly);
  if (!first) return;
  const double start = options.choice.start_s;
  const double length =
      std::min(*facts.declared_seconds - start, options.choice.duration_s.value_or(*facts.declared_seconds));
  for (std::size_t k = 0; k < kProbes && !stop.stop_requested(); ++k) {
    const double seconds = start + length * (static_cast<double>(k) + 0.5) / kProbes;
    const auto ticks = static_cast<std::int64_t>(seconds / facts.time_base.value());
    if (!reader.seek_near(first->pts + ticks)) break;
    if (auto frame = reader.next()) findings.look_at(std::move(*frame));
  }
}

/// At known places, by seeking where that passes over frames; those that cannot be reached are left out.
void look_at_places(const std::vector<FrameSource::Place>& places, VideoReader& reader, Findings& findings,
                    const std::stop_token& stop) {
  const std::size_t count = std::min(kProbes, places.size());
  std::int64_t number = 0;
  for (std::size_t k = 0; k < count && !stop.stop_requested(); ++k) {
    const FrameSource::Place& place = places[middle_of_part(k, count, places.size())];
    if (place.key > number) {
      const bool there = reader.seek(place.number, place.pts);
      number = there ? place.number : -1;
      if (!there) continue;
    }
    while (number < place.number && reader.next(Want::kTimeOnly)) ++number;
    auto frame = reader.next();
    if (!frame) return;
    ++number;
    findings.look_at(std::move(*frame));
  }
}

/// By decoding all frames up to the last that is looked at, twice.
void look_by_number(const VideoPlan& plan, const VideoLibrary* library, Findings& findings,
                    const std::stop_token& stop) {
  std::vector<std::int64_t> taken;
  {
    FrameSource source(plan.options, library);
    while (const auto frame = source.next_time()) taken.push_back(frame->number);
  }
  const OpenVideo video = open_video(plan.options, library);
  const std::size_t count = std::min(kProbes, taken.size());
  std::int64_t number = 0;
  for (std::size_t k = 0; k < count && !stop.stop_requested(); ++k) {
    const std::int64_t wanted = taken[middle_of_part(k, count, taken.size())];
    while (number < wanted && video.reader->next(Want::kTimeOnly)) ++number;
    auto frame = video.reader->next();
    if (!frame) return;
    ++number;
    findings.look_at(std::move(*frame));
  }
}

}  // namespace

Probed probe(const VideoPlan& plan, const VideoLibrary* library, FramePredictor& predictor,
             const std::stop_token& stop) {
  constexpr double kFewFrames = 20000;
  const VideoOptions& options = plan.options;
  Findings findings(plan, predictor);
  const FrameSource source(options, library);
  const VideoFacts& facts = source.facts();
  const OpenVideo video = open_video(options, library);
  const double frames = facts.declared_seconds.value_or(0) * facts.frames_per_s.value_or(0);
  if (facts.seekable && frames > kFewFrames && !options.choice.limit && options.timestamps.empty()) {
    look_by_time(options, *video.reader, findings, stop);
  } else if (const auto places = source.places()) {
    look_at_places(*places, *video.reader, findings, stop);
  } else {
    look_by_number(plan, library, findings, stop);
  }
  return findings.result();
}

}  // namespace da3::video
