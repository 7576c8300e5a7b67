// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <da3/error.hpp>
#include <da3/image.hpp>

// What is read of a video, whatever reads it.
namespace da3::video {

/// An exact fraction, den > 0.
struct Ratio {
  std::int64_t num = 0;
  std::int64_t den = 1;

  double value() const { return static_cast<double>(num) / static_cast<double>(den); }
  bool operator==(const Ratio&) const = default;
};

/// `pts` ticks of `time_base` in seconds.
inline double seconds_of(std::int64_t pts, Ratio time_base) {
  return static_cast<double>(pts) * static_cast<double>(time_base.num) / static_cast<double>(time_base.den);
}

/// What a video says of itself before its frames are read.
struct VideoFacts {
  Size shown;            ///< Upright, with square pixels
  int turn_degrees = 0;  ///< Clockwise, from the stored to the upright picture
  bool mirrored = false;
  Ratio sample_aspect{1, 1};
  Ratio time_base{1, 1};  ///< Seconds a tick of `Frame::pts`
  std::optional<double> frames_per_s;
  std::optional<double> declared_seconds;  ///< Length that the container claims
  int bits = 8;
  std::string matrix = "bt601";  ///< bt601, bt709, bt2020, rgb
  bool matrix_assumed = false;   ///< The file does not say it; chosen by size
  bool full_range = false;
  std::string transfer = "unknown";  ///< FFmpeg's name, such as bt709, smpte2084, arib-std-b67
  bool interlaced = false;           ///< The first frame is
  std::string codec;
  std::string container;
  bool has_sound = false;
  bool seekable = false;
};

/// One picture.
struct Frame {
  std::int64_t number = 0;  ///< In order of presentation, from 0
  std::int64_t pts = 0;     ///< In `VideoFacts::time_base`
  Image picture;            ///< Upright RGB; empty where there is an error
  std::optional<Error> error;
  /// Decoded after a damaged frame and before the next key frame: may show what is left of that one.
  bool builds_on_damaged = false;
};

/// A frame that was not decoded.
struct FrameTime {
  std::int64_t pts = 0;  ///< In `VideoFacts::time_base`
  bool key = false;      ///< Can be decoded without others
};

/// What is asked of a frame.
enum class Want {
  kPicture,
  kTimeOnly,  ///< Its picture may have no pixels, but has its size if next_pts knew the frame
};

/// Frames in order of presentation. Threads: one at a time.
class VideoReader {
 public:
  virtual ~VideoReader() = default;

  virtual const VideoFacts& facts() const = 0;

  /// The next frame, none at the end. A damaged frame comes as `Frame::error`. Throws: Error for what ends
  /// the video.
  virtual std::optional<Frame> next(Want want = Want::kPicture) = 0;

  /// Memory of a picture that nobody needs any more, for a later one.
  virtual void reuse(std::vector<std::uint8_t> /*room*/) {}

  /// The time of the next frame, if it is known before the picture is converted and the frame is whole.
  virtual std::optional<std::int64_t> next_pts() { return std::nullopt; }

  /// Goes to the first frame at or after `pts`; its number is not known and counts from 0 again. False where
  /// this reader cannot, which leaves it where it was.
  virtual bool seek_near(std::int64_t pts) = 0;

  /// Goes to the frame of exactly `pts`, which is frame `number`: one of `times`. False where this reader
  /// cannot; it must be opened again then.
  virtual bool seek(std::int64_t number, std::int64_t pts) = 0;

  /// Of the frames from here on only those of these times, all of `times` and in order: others are passed
  /// over, and not decoded where nothing builds on them. Their numbers are not known.
  virtual void only(std::vector<std::int64_t> /*wanted*/) {}

  /// Times of the frames up to `seconds` after the first one, in order, without decoding them. Empty where
  /// only decoding could tell. Reads the file a second time, which leaves the reader where it was.
  virtual std::vector<FrameTime> times(double seconds) const = 0;

  /// After the end: what is wrong with the video as a whole, such as that it was cut short.
  virtual std::optional<Error> verdict() const { return std::nullopt; }

  /// Times that did not grow and were moved on by a tick.
  virtual std::int64_t times_repaired() const { return 0; }

  /// What a library reported as errors and passed over; empty if nothing.
  virtual std::string complaints() const { return {}; }
};

}  // namespace da3::video
