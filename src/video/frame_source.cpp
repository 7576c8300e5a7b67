// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <utility>

#include <video/frame_source.hpp>
#include <video/plain_stream.hpp>

#include <da3/error.hpp>

namespace da3::video {
namespace {

constexpr Ratio kTimestampBase{1, 90000};

std::vector<double> timestamps_of(const VideoOptions& options) {
  if (options.timestamps.empty()) return {};
  return read_times(options.timestamps, "--timestamps");
}

}  // namespace

OpenVideo open_video(const VideoOptions& options, const VideoLibrary* library) {
  OpenVideo video;
  if (options.input == "-") {
    const std::string name = "standard input";
    video.reader = options.raw ? read_raw(*options.stream, name, *options.raw)
                               : read_y4m(*options.stream, name, options.read.max_pixels);
    return video;
  }
  std::error_code failed;
  if (!std::filesystem::exists(options.input, failed)) {
    throw Error(ErrorCode::kInputNotFound, options.input + ": no such file; check the path");
  }
  if (!std::filesystem::is_regular_file(options.input, failed) &&
      !std::filesystem::is_directory(options.input, failed)) {
    throw Error(
        ErrorCode::kInputNotRegular,
        options.input +
            ": this is a pipe or a device, which cannot be read twice; give - for yuv4mpeg or raw frames "
            "on standard input: da3 video - < " +
            options.input);
  }
  auto file = std::make_unique<std::ifstream>(options.input, std::ios::binary);
  std::array<char, 9> start{};
  file->read(start.data(), start.size());
  const bool y4m = is_y4m({start.data(), static_cast<std::size_t>(file->gcount())});
  if (options.raw || y4m) {
    file->clear();
    file->seekg(0);
    video.file = std::move(file);
    video.reader = options.raw ? read_raw(*video.file, options.input, *options.raw)
                               : read_y4m(*video.file, options.input, options.read.max_pixels);
    return video;
  }
  if (library == nullptr) {
    throw Error(ErrorCode::kVideoUnavailable,
                options.input +
                    ": this installation has no FFmpeg to read it with; pipe its frames in: "
                    "ffmpeg -i " +
                    options.input + " -f yuv4mpegpipe - | da3 video -");
  }
  video.reader = library->open(options.input, options.read);
  return video;
}

FrameSource::FrameSource(const VideoOptions& options, const VideoLibrary* library)
    : options_(options),
      library_(library),
      timestamps_(timestamps_of(options)),
      video_(open_video(options, library)),
      facts_(video_.reader->facts()),
      time_base_(timestamps_.empty() ? facts_.time_base : kTimestampBase),
      choice_(options.choice) {}

double FrameSource::seconds_at(std::int64_t number, std::int64_t pts) const {
  if (options_.timestamps.empty()) return seconds_of(pts, facts_.time_base);
  if (static_cast<std::size_t>(number) >= timestamps_.size()) {
    throw Error(ErrorCode::kUsage, options_.timestamps.string() + ": it has " +
                                       std::to_string(timestamps_.size()) +
                                       " times, and the video more frames; give a time for each");
  }
  return timestamps_[static_cast<std::size_t>(number)];
}

double FrameSource::frame_duration_s() const {
  if (options_.choice.frames_per_s) return 1 / *options_.choice.frames_per_s;
  return static_cast<double>(options_.choice.every) / facts_.frames_per_s.value_or(25);
}

WorkPtr FrameSource::work_of(Frame frame) const {
  auto work = std::make_unique<Work>();
  work->seconds = seconds_at(frame.number, frame.pts);
  work->pts = options_.timestamps.empty() ? frame.pts
                                          : std::llround(work->seconds * static_cast<double>(time_base_.den));
  work->frame = std::move(frame);
  return work;
}

WorkPtr FrameSource::next(const NeedsPicture& needs_picture) {
  const auto take_work = [&]() -> WorkPtr {
    std::optional<Frame> frame = take(needs_picture);
    return frame ? work_of(std::move(*frame)) : nullptr;
  };
  WorkPtr work;
  if (!options_.constant_fps) {
    work = take_work();
  } else {
    work = ahead_ ? std::move(ahead_) : take_work();
    if (work) {
      ahead_ = take_work();
      work->until_s = ahead_ ? ahead_->seconds : work->seconds + frame_duration_s();
    }
  }
  if (work) work->taken = given_++;
  return work;
}

void FrameSource::skip(std::int64_t count) {
  started_ = true;
  if (!skip_by_times(count)) {
    const NeedsPicture needs = choice_.looks_ahead() ? [](std::int64_t) { return true; } : NeedsPicture();
    for (std::int64_t i = 0; i < count; ++i) {
      if (!take(needs)) {
        throw Error(ErrorCode::kVideoDamaged,
                    options_.input + ": the video has fewer frames than before; give --overwrite");
      }
    }
  }
  given_ = count;
}

Want FrameSource::wanted(const NeedsPicture& needs_picture) {
  if (!needs_picture) return Want::kTimeOnly;
  const std::optional<std::int64_t> pts = video_.reader->next_pts();
  return pts && !needs_picture(*pts) ? Want::kTimeOnly : Want::kPicture;
}

/// Without `needs_picture` no picture is.
std::optional<Frame> FrameSource::take(const NeedsPicture& needs_picture) {
  if (!std::exchange(started_, true)) go_to_start();
  while (!ended_) {
    std::optional<Frame> frame = video_.reader->next(wanted(needs_picture));
    if (!frame) {
      ended_ = true;
      at_end_ = true;
      if (choice_.looks_ahead() && held_ && choice_.takes_last()) return std::exchange(held_, std::nullopt);
      return std::nullopt;
    }
    const FrameChoice::Verdict verdict = choice_.next(seconds_at(frame->number, frame->pts));
    if (verdict == FrameChoice::Verdict::kEnd) {
      ended_ = true;
      return std::nullopt;
    }
    if (!choice_.looks_ahead()) {
      if (verdict == FrameChoice::Verdict::kTake) return frame;
      continue;
    }
    std::optional<Frame> before = std::exchange(held_, std::move(frame));
    if (verdict == FrameChoice::Verdict::kTake) return before;
  }
  return std::nullopt;
}

// Going on without decoding.

/// Puts the reader on a frame; false, with the reader at the start again, where it cannot.
bool FrameSource::go_to(std::int64_t number, std::int64_t pts) {
  if (video_.reader->seek(number, pts)) return true;
  video_ = open_video(options_, library_);
  return false;
}

void FrameSource::go_to_start() {
  constexpr double kMargin_s = 10;
  if (options_.choice.start_s <= 0) return;
  const double until_s = options_.timestamps.empty() ? options_.choice.start_s + kMargin_s
                                                     : std::numeric_limits<double>::infinity();
  const std::vector<FrameTime> times = video_.reader->times(until_s);
  FrameChoice choice(options_.choice);
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto number = static_cast<std::int64_t>(i);
    if (choice.starts_after(seconds_at(number, times[i].pts))) continue;
    if (go_to(number, times[i].pts)) choice_ = choice;
    return;
  }
}

bool FrameSource::skip_by_times(std::int64_t count) {
  if (count == 0) return false;
  const std::vector<FrameTime> times = video_.reader->times(std::numeric_limits<double>::infinity());
  FrameChoice choice(options_.choice);
  std::int64_t taken = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto number = static_cast<std::int64_t>(i);
    if (choice.next(seconds_at(number, times[i].pts)) != FrameChoice::Verdict::kTake || ++taken < count)
      continue;
    // With a rate the verdict was about the frame before, and this one waits for its own.
    const std::size_t next = choice.looks_ahead() ? i : i + 1;
    if (next >= times.size() || !go_to(static_cast<std::int64_t>(next), times[next].pts)) return false;
    choice_ = choice;
    if (choice.looks_ahead()) held_ = video_.reader->next();
    return true;
  }
  return false;
}

std::optional<std::vector<FrameSource::Place>> FrameSource::places() const {
  const std::vector<FrameTime> times = video_.reader->times(std::numeric_limits<double>::infinity());
  if (times.empty()) return std::nullopt;
  std::vector<Place> taken;
  FrameChoice choice(options_.choice);
  Place before;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto number = static_cast<std::int64_t>(i);
    const Place place{number, times[i].pts, times[i].key ? number : before.key};
    const FrameChoice::Verdict verdict = choice.next(seconds_at(place.number, place.pts));
    if (verdict == FrameChoice::Verdict::kEnd) return taken;
    if (verdict == FrameChoice::Verdict::kTake) taken.push_back(choice.looks_ahead() ? before : place);
    before = place;
  }
  if (choice.looks_ahead() && choice.takes_last()) taken.push_back(before);
  return taken;
}

}  // namespace da3::video
