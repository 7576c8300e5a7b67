// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>
#include <video/encoded_streams.hpp>
#include <video/frame_source.hpp>
#include <video/video_plan.hpp>

namespace da3::video {

/// Writes finished frames in order: files of each, encoded videos, standard output.
class FrameWriter {
 public:
  /// Lifetime of the references: this.
  FrameWriter(const VideoPlan& plan, const VideoEnvironment& environment, const FrameSource& source);

  EncodedStreams& streams() { return streams_; }

  /// Writes a frame, damaged ones too, which leave a gap or with a constant rate show the one before. Adds
  /// what was written to `record`. Throws: Error kOutputFailed, kPipeClosed.
  void write(Work& work, nlohmann::json& record);

  /// True once a whole frame was written.
  bool any() const { return first_pts_.has_value(); }
  std::int64_t repeated() const { return repeated_; }  ///< Frames shown again on the grid of a constant rate
  std::int64_t dropped() const { return dropped_; }    ///< Frames that fell between two of its points

  /// Joins the encoded videos of `taken` frames. `grey_ref`: of gray16's code. Returns warnings.
  std::vector<std::string> join(std::int64_t taken, double grey_ref,
                                const EncodedStreams::OnJoined& on_joined) const;

  /// All that the next frame depends on.
  nlohmann::json state() const;
  void restore(const nlohmann::json& state);

 private:
  void write_files(const Work& work, nlohmann::json& record);
  Showing showing_of(const Work& work);
  void put_frame(const Work& work, std::int64_t count);
  void put(const void* bytes, std::size_t count) const;

  const VideoPlan& plan_;
  const VideoEnvironment& environment_;
  const FrameSource& source_;
  EncodedStreams streams_;
  bool made_frames_ = false;

  std::optional<std::int64_t> first_pts_;
  double first_s_ = 0;
  double last_s_ = 0;
  std::int64_t next_point_ = 0;  ///< Of the grid of a constant rate
  std::int64_t repeated_ = 0;
  std::int64_t dropped_ = 0;

  std::optional<Size> pipe_size_;
  std::string last_put_;  ///< The frame in the pipe, for a constant rate
  std::int64_t frames_put_ = 0;
};

}  // namespace da3::video
