// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// Which frames of a video are taken, by their times.
namespace da3::video {

/// Seconds of "12.5", "1:30" or "0:01:30.5". Throws: Error kUsage.
double parse_time(const std::string& text);

/// Growing times of a file, one a line: seconds or h:mm:ss; what follows a comma, semicolon or blank, and
/// lines that begin with #, say nothing. `option` names the file in messages. Throws: Error kUsage with the
/// line, and for a file that cannot be read.
std::vector<double> read_times(const std::filesystem::path& file, const std::string& option);

struct ChoiceOptions {
  std::optional<double> frames_per_s;  ///< At most so many, by time
  std::int64_t every = 1;              ///< Every so many-th of those
  double start_s = 0;                  ///< From the first frame on
  std::optional<double> duration_s;    ///< From `start_s` on
  std::optional<std::int64_t> limit;   ///< At most so many
};

/// Chooses frames as they come. With a rate F, frame k of the choice is the last one at or before
/// start + k / F + 1 us; a frame is taken once. Whether one is taken is known when the next one comes.
class FrameChoice {
 public:
  explicit FrameChoice(const ChoiceOptions& options) : options_(options) {}

  enum class Verdict {
    kTake,  ///< The frame before this one is taken (with a rate), or this one (without)
    kPass,
    kEnd,  ///< As kPass, and no later one is taken either
  };

  /// About the frame at `seconds`, or with a rate about the one before it.
  Verdict next(double seconds);

  /// True if the frame at `seconds`, the first one of the video or a later one, lies before the first that
  /// may be taken; only frames for which this is false need `next`.
  bool starts_after(double seconds);

  /// With a rate: whether the last frame of the video is taken.
  bool takes_last();

  /// True if the verdict is about the frame before.
  bool looks_ahead() const { return options_.frames_per_s.has_value(); }

 private:
  bool counts();

  ChoiceOptions options_;
  std::optional<double> first_s_;    ///< Time of the first frame of the video
  std::optional<double> begin_s_;    ///< Time of the first frame in range
  std::optional<double> pending_s_;  ///< The frame before, if it is in range
  double shown_s_ = 0;               ///< From a frame to the next, lately
  std::int64_t targets_ = 0;
  std::int64_t seen_ = 0;
  std::int64_t taken_ = 0;
};

/// Frames of a video on a grid of `frames_per_s` that begins with the first frame: at each point the last
/// frame at or before it + 1 us, so frames are repeated or dropped.
struct FrameGrid {
  double frames_per_s = 25;
  double begin_s = 0;

  /// The first point at or after `seconds` - 1 us.
  std::int64_t point_at(double seconds) const;
};

}  // namespace da3::video
