// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <video/finish_frame.hpp>
#include <video/probe.hpp>

namespace da3::video {
namespace {

constexpr std::size_t kProbes = 64;

/// The next frame to look at; none after the last.
using NextFrame = std::function<std::optional<Frame>()>;

/// What frames that are looked at say together.
class Findings {
 public:
  Findings(const VideoPlan& plan, FramePredictor& predictor) : plan_(plan), predictor_(predictor) {}

  /// Adds a frame that has its prediction, which is kept.
  void add(Work& work) {
    if (work.frame.error) return;
    const DepthMap depth = plan_.small_depth(work);
    histogram_.add(depth);
    if (const auto median = median_depth(depth)) log_medians_.push_back(std::log(*median));
    // Behind damage a frame depends on what was decoded before it, which the run may find otherwise.
    if (!work.frame.builds_on_damaged) predictor_.keep(work.frame.pts, work);
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
NextFrame by_time(const VideoOptions& options, VideoReader& reader) {
  const VideoFacts& facts = reader.facts();
  const std::optional<Frame> first = reader.next(Want::kTimeOnly);
  if (!first) return [] { return std::nullopt; };
  const double start = options.choice.start_s;
  const double length =
      std::min(*facts.declared_seconds - start, options.choice.duration_s.value_or(*facts.declared_seconds));
  return [&reader, &facts, start, length, first_pts = first->pts,
          k = std::size_t{0}]() mutable -> std::optional<Frame> {
    while (k < kProbes) {
      const double seconds = start + length * (static_cast<double>(k++) + 0.5) / kProbes;
      const auto ticks = static_cast<std::int64_t>(seconds / facts.time_base.value());
      if (!reader.seek_near(first_pts + ticks)) break;
      if (auto frame = reader.next()) return frame;
    }
    k = kProbes;
    return std::nullopt;
  };
}

std::vector<FrameSource::Place> evenly(const std::vector<FrameSource::Place>& places) {
  std::vector<FrameSource::Place> chosen;
  const std::size_t count = std::min(kProbes, places.size());
  for (std::size_t k = 0; k < count; ++k) chosen.push_back(places[middle_of_part(k, count, places.size())]);
  return chosen;
}

/// At known times, by seeking where that passes over frames; those that cannot be reached are left out.
NextFrame at_times(std::vector<FrameSource::Place> places, VideoReader& reader) {
  std::vector<std::int64_t> times;
  for (const FrameSource::Place& place : places) times.push_back(place.pts);
  reader.only(std::move(times));
  return [&reader, places = std::move(places), k = std::size_t{0},
          number = std::int64_t{0}]() mutable -> std::optional<Frame> {
    for (; k < places.size(); ++k) {
      const FrameSource::Place& place = places[k];
      if (place.key > number && !reader.seek(place.number, place.pts)) {
        number = -1;
        continue;
      }
      std::optional<Frame> frame = reader.next();
      if (!frame) break;
      // One that does not come is not waited for.
      while (k < places.size() && places[k].pts <= frame->pts) number = places[k++].number;
      return frame;
    }
    return std::nullopt;
  };
}

/// By decoding all frames up to the last that is looked at, after all were counted.
NextFrame by_number(const VideoPlan& plan, const VideoLibrary* library, VideoReader& reader) {
  std::vector<FrameSource::Place> taken;
  FrameSource source(plan.options, library);
  while (const auto frame = source.next_time()) taken.push_back({.number = frame->number});
  return [&reader, places = evenly(taken), k = std::size_t{0},
          number = std::int64_t{0}]() mutable -> std::optional<Frame> {
    if (k == places.size()) return std::nullopt;
    const FrameSource::Place& place = places[k++];
    while (number < place.number && reader.next(Want::kTimeOnly)) ++number;
    ++number;
    return reader.next();
  };
}

/// Next to a network on a device the next frame is read; on a CPU, which the network fills, after its pass.
void look_at(const NextFrame& next, VideoReader& reader, const VideoPlan& plan, FramePredictor& predictor,
             Findings& findings, core::Team& team, const std::stop_token& stop) {
  std::optional<std::int64_t> last_pts;
  const auto read = [&]() -> Batch {
    while (std::optional<Frame> frame = next()) {
      const bool again = frame->pts == last_pts || predictor.keeps(frame->pts);
      if (frame->error || again) continue;
      last_pts = frame->pts;
      Batch batch;
      batch.push_back(std::make_unique<Work>());
      Work& work = *batch.front();
      work.frame = std::move(*frame);
      prepare_frame(plan, work);
      reader.reuse(std::exchange(work.frame.picture.rgb, {}));
      return batch;
    }
    return {};
  };
  Batch batch = read();
  while (!batch.empty() && !stop.stop_requested()) {
    if (predictor.shares_cores()) predictor.predict(batch);
    Batch following;
    team.for_each(2, [&](std::size_t i) {
      if (i == 0) {
        if (!predictor.shares_cores()) predictor.predict(batch);
        findings.add(*batch.front());
      } else {
        following = read();
      }
    });
    batch = std::move(following);
  }
}

}  // namespace

Probed probe(const VideoPlan& plan, const VideoLibrary* library, const FrameSource& source,
             FramePredictor& predictor, core::Team& team, const std::stop_token& stop) {
  constexpr double kFewFrames = 20000;
  const VideoOptions& options = plan.options;
  Findings findings(plan, predictor);
  const VideoFacts& facts = source.facts();
  const OpenVideo video = open_video(options, library);
  const double frames = facts.declared_seconds.value_or(0) * facts.frames_per_s.value_or(0);
  NextFrame next;
  if (facts.seekable && frames > kFewFrames && !options.choice.limit && options.timestamps.empty()) {
    next = by_time(options, *video.reader);
  } else if (auto places = source.places()) {
    next = at_times(evenly(*places), *video.reader);
  } else {
    next = by_number(plan, library, *video.reader);
  }
  look_at(next, *video.reader, plan, predictor, findings, team, stop);
  return findings.result();
}

}  // namespace da3::video
