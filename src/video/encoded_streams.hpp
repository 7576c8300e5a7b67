// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <video/video_plan.hpp>

namespace da3::video {

/// Frames between two checkpoints, and of one segment of an encoded video.
inline constexpr std::int64_t kSegmentFrames = 240;

/// Where and how often a frame is shown: at `first`, `first` + 1, ... ticks of the streams' time base.
struct Showing {
  std::int64_t first = 0;
  std::int64_t count = 1;
};

/// The encoded videos of a run, in segments until they are joined.
class EncodedStreams {
 public:
  /// Lifetime of the references: this. `library` null: there are no encoded videos.
  EncodedStreams(const VideoPlan& plan, const VideoLibrary* library, const VideoFacts& facts,
                 Ratio time_base);

  /// Chooses the encoders, and whose videos get sound. Returns the encoders' names by the streams' names.
  /// Throws: Error kEncoderUnavailable.
  const std::map<std::string, std::string>& choose();
  /// What `choose` had to leave out.
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// Adds a finished frame. Throws: Error kOutputFailed.
  void write(const Work& work, const Showing& showing);
  /// Shows the last frame again. Precondition: `can_repeat()`.
  void repeat(const Showing& showing);
  bool can_repeat() const { return !open_.empty(); }

  /// Ends the segment, whose files get their names and are returned. Throws: Error kOutputFailed.
  std::vector<std::filesystem::path> close();

  /// Times that the joined videos begin and end at.
  struct Span {
    std::int64_t first_pts = 0;  ///< In the streams' time base
    double first_s = 0;          ///< In the input's times
    double end_s = 0;
    double grey_ref = 1;  ///< Of gray16's code
  };
  /// Called with a joined file before it gets its name.
  using OnJoined = std::function<void(const std::filesystem::path& file)>;
  /// Joins the segments of `taken` frames into the files that were asked for. Returns warnings. Throws: Error
  /// kOutputFailed.
  std::vector<std::string> join(std::int64_t taken, const Span& span, const OnJoined& on_joined) const;

  /// Size of the results' first frame, which all frames of the videos have.
  std::optional<Size> size() const { return size_; }
  void set_size(Size size) { size_ = size; }

  static constexpr const char* kSegmentFolder = ".da3-segments";
  std::filesystem::path folder() const { return plan_.outputs.folder / kSegmentFolder; }

 private:
  void choose_sound();
  StreamSpec spec_of(const StreamPlan& stream, Size size) const;
  std::filesystem::path segment_file(const StreamPlan& stream, std::int64_t index) const;
  JoinSpec join_spec(const StreamPlan& stream, const Span& span) const;

  const VideoPlan& plan_;
  const VideoLibrary* library_;
  const VideoFacts& facts_;
  Ratio time_base_;
  std::map<std::string, std::string> encoders_;
  std::set<std::string> with_sound_;  ///< Names of streams
  std::vector<std::string> warnings_;
  std::vector<std::unique_ptr<SegmentWriter>> open_;
  std::int64_t index_ = 0;  ///< Of the segment
  std::optional<Size> size_;
};

}  // namespace da3::video
