// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <video/run_video.hpp>
#include <video/work.hpp>

namespace da3::video {

/// A reader, and the file that it reads if that is ours to open.
struct OpenVideo {
  std::unique_ptr<std::ifstream> file;
  std::unique_ptr<VideoReader> reader;
};

/// Opens the input: a pipe, yuv4mpeg or raw RGB by own code, all else by `library`. Throws: Error
/// kInputNotFound, kVideoUnavailable, and as the readers.
OpenVideo open_video(const VideoOptions& options, const VideoLibrary* library);

/// The frames of a video that are taken, in order.
class FrameSource {
 public:
  /// Opens the input. Lifetime of both: this. Throws: as open_video and read_times.
  FrameSource(const VideoOptions& options, const VideoLibrary* library);

  const VideoFacts& facts() const { return facts_; }
  Ratio time_base() const { return time_base_; }  ///< Of `Work::pts`

  /// Whether the picture of the frame of that time, in the reader's time base, is of use.
  using NeedsPicture = std::function<bool(std::int64_t pts)>;

  /// The next taken frame with its times and its picture, null at the end. Where the picture is of no use and
  /// the reader knows times before pictures, it is a size without pixels. Throws: as VideoReader::next; Error
  /// kUsage for a frame without a time in --timestamps.
  WorkPtr next(const NeedsPicture& needs_picture);

  /// Memory of a picture that nobody needs any more, for a later one.
  void reuse(std::vector<std::uint8_t> room) { video_.reader->reuse(std::move(room)); }

  /// The same without its picture, for runs that only count. Not to be mixed with `next`.
  std::optional<Frame> next_time() { return take(nullptr); }

  /// Passes over `count` taken frames, which an earlier run did. Throws: Error kVideoDamaged if there are
  /// fewer.
  void skip(std::int64_t count);

  std::int64_t taken() const { return given_; }  ///< Frames given or passed over
  bool ended() const { return ended_ && !ahead_; }
  /// True if the video was read to its end, so that its verdict counts.
  bool at_end() const { return at_end_; }
  std::optional<Error> verdict() const { return video_.reader->verdict(); }
  std::string complaints() const { return video_.reader->complaints(); }
  std::int64_t times_repaired() const { return video_.reader->times_repaired(); }

  /// Numbers and times of all taken frames; none if only decoding all of them could tell.
  struct Place {
    std::int64_t number = 0;
    std::int64_t pts = 0;  ///< In the reader's time base
    std::int64_t key = 0;  ///< Number of the last key frame up to this one
  };
  std::optional<std::vector<Place>> places() const;

  /// Seconds a taken frame lasts, about.
  double frame_duration_s() const;

 private:
  double seconds_at(std::int64_t number, std::int64_t pts) const;
  void go_to_start();
  bool skip_by_times(std::int64_t count);
  bool go_to(std::int64_t number, std::int64_t pts);
  std::optional<Frame> take(const NeedsPicture& needs_picture);
  Want wanted(const NeedsPicture& needs_picture);
  WorkPtr work_of(Frame frame) const;

  const VideoOptions& options_;
  const VideoLibrary* library_;
  std::vector<double> timestamps_;
  OpenVideo video_;
  VideoFacts facts_;
  Ratio time_base_;
  FrameChoice choice_;
  std::optional<Frame> held_;  ///< With a rate: whether it is taken is not known yet
  WorkPtr ahead_;              ///< With a constant rate: the frame after the one given last
  bool started_ = false;
  bool ended_ = false;   ///< No frame is left to take
  bool at_end_ = false;  ///< The video was read to its end
  std::int64_t given_ = 0;
};

}  // namespace da3::video
