// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <video/av/file_end.hpp>

namespace da3::video::av {

FileEnd::FileEnd(const AVFormatContext& input, const AVStream& stream) : stream_index_(stream.index) {
  const std::string name = input.iformat->name;
  lengths_in_front_ = name.starts_with("mov");
  for (const char* container : {"avi", "flv", "asf", "ivf", "nut"}) lengths_in_front_ |= name == container;
  // AVI counts frames that are not there.
  if (name == "avi" || input.duration_estimation_method != AVFMT_DURATION_FROM_STREAM) return;
  const double tick_s = av_q2d(stream.time_base);
  const std::int64_t start = stream.start_time == AV_NOPTS_VALUE ? 0 : stream.start_time;
  if (stream.duration != AV_NOPTS_VALUE && stream.duration > 0) {
    declared_end_s_ = static_cast<double>(start + stream.duration) * tick_s;
    declared_s_ = static_cast<double>(stream.duration) * tick_s;
  } else if (input.duration != AV_NOPTS_VALUE && input.duration > 0) {
    declared_end_s_ = static_cast<double>(input.duration) / AV_TIME_BASE;
    declared_s_ = declared_end_s_;
    any_stream_ends_it_ = true;
  }
}

void FileEnd::read(const AVPacket& packet, const AVStream& stream) {
  if (packet.pts != AV_NOPTS_VALUE) {
    furthest_s_ =
        std::max(furthest_s_, static_cast<double>(packet.pts + packet.duration) * av_q2d(stream.time_base));
  }
  if (packet.stream_index != stream_index_) return;
  last_packet_corrupt_ = (packet.flags & AV_PKT_FLAG_CORRUPT) != 0 && lengths_in_front_;
  if (last_packet_corrupt_) partial_pts_ = packet.pts;
}

void FileEnd::ended(int error) {
  if (truncated_) return;
  if (error != AVERROR_EOF) {
    truncated_ = "reading ended with: " + text_of(error);
  } else if (last_packet_corrupt_) {
    truncated_ = "its last packet is not whole";
  }
}

bool FileEnd::is_within(const AVFrame& frame) const {
  return frame.pts != AV_NOPTS_VALUE && frame.pts == partial_pts_;
}

std::optional<std::string> FileEnd::missing(double last_s, double frame_s) const {
  if (truncated_ || !declared_end_s_) return truncated_;
  const double end_s = any_stream_ends_it_ ? std::max(last_s, furthest_s_) : last_s;
  if (*declared_end_s_ - end_s <= std::max(0.5, 2 * frame_s)) return std::nullopt;
  return "it ends at " + std::to_string(end_s) + " s of the " + std::to_string(*declared_end_s_) +
         " s that it claims";
}

}  // namespace da3::video::av
