// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <video/av/handles.hpp>

namespace da3::video::av {

/// Where a video's file ends, and whether that is before it should.
class FileEnd {
 public:
  /// `stream`: the one that is read, of `input`.
  FileEnd(const AVFormatContext& input, const AVStream& stream);

  /// What the container claims, unless it is a guess or known to lie.
  std::optional<double> declared_seconds() const { return declared_s_; }

  /// A packet of any stream was read.
  void read(const AVPacket& packet, const AVStream& stream);
  /// No packet was, with FFmpeg's `error`.
  void ended(int error);

  /// Whether the file ends within the packet of this frame.
  bool is_within(const AVFrame& frame) const;

  /// What is missing, in words, of a video whose last frame ends at `last_s`; none if nothing is.
  std::optional<std::string> missing(double last_s, double frame_s) const;

 private:
  int stream_index_;
  std::optional<double> declared_s_;
  std::optional<double> declared_end_s_;
  bool any_stream_ends_it_ = false;
  double furthest_s_ = 0;
  /// A container that knows each packet's length before it reads it: the flag of a corrupt packet then says
  /// that the file ended within it; in MPEG-TS it may say anything.
  bool lengths_in_front_ = false;
  bool last_packet_corrupt_ = false;
  std::int64_t partial_pts_ = AV_NOPTS_VALUE;  ///< Of the packet within which the file ends
  std::optional<std::string> truncated_;
};

}  // namespace da3::video::av
