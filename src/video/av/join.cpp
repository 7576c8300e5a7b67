// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include <video/av/handles.hpp>
#include <video/av/join.hpp>
#include <video/av/output.hpp>
#include <video/av/segment.hpp>
#include <video/av/sound.hpp>
#include <video/av/sound_trial.hpp>

#include <da3/error.hpp>

namespace da3::video::av {
namespace {

[[noreturn]] void cannot_read_back(const std::filesystem::path& file, int error) {
  throw Error(ErrorCode::kOutputFailed, file.string() + ": a segment cannot be read back (" + text_of(error) +
                                            "); the same command makes what is damaged anew");
}

InputPtr open_segment_file(const std::filesystem::path& file) {
  AVFormatContext* context = nullptr;
  const AVInputFormat* nut = av_find_input_format(kSegmentContainer);
  // FFmpeg 4.4 wants it without const.
  const int opened = avformat_open_input(&context, ("file:" + file.string()).c_str(),
                                         const_cast<decltype(context->iformat)>(nut), nullptr);
  if (opened < 0) cannot_read_back(file, opened);
  InputPtr input(context);
  if (input->nb_streams == 0) {
    const int found = avformat_find_stream_info(input.get(), nullptr);
    if (found < 0 || input->nb_streams == 0) cannot_read_back(file, found < 0 ? found : AVERROR_INVALIDDATA);
  }
  return input;
}

/// The time of a frame as it was given to the segment. NUT counts in a multiple of its time base.
std::int64_t time_in_segment(const AVPacket& packet, const AVFormatContext& segment, AVRational time_base) {
  return av_rescale_q(packet.pts, segment.streams[0]->time_base, time_base) - segment_origin(time_base);
}

/// False at the end of the segment. Throws: Error kOutputFailed for what cannot be read.
bool read_back(AVFormatContext* segment, const std::filesystem::path& file, AVPacket* packet) {
  const int got = read_packet(segment, packet);
  if (got < 0 && got != AVERROR_EOF) cannot_read_back(file, got);
  return got == 0;
}

/// All presentation times of the segments, in the order of their packets.
std::vector<std::int64_t> times_of(const std::vector<std::filesystem::path>& segments, AVRational time_base,
                                   AVPacket* packet) {
  std::vector<std::int64_t> times;
  for (const std::filesystem::path& file : segments) {
    const InputPtr input = open_segment_file(file);
    while (read_back(input.get(), file, packet)) {
      times.push_back(time_in_segment(*packet, *input, time_base));
      av_packet_unref(packet);
    }
  }
  return times;
}

/// When the frames are shown, and when their packets have to be decoded.
class Clock {
 public:
  /// `times`: of presentation, in the order of the packets.
  explicit Clock(const std::vector<std::int64_t>& times) : times_(times) {
    std::sort(times_.begin(), times_.end());
    for (std::size_t i = 0; i < times.size(); ++i) {
      const auto shown = std::lower_bound(times_.begin(), times_.end(), times[i]) - times_.begin();
      delay_ = std::max(delay_, static_cast<std::ptrdiff_t>(i) - shown);
    }
    if (times_.size() < 2) return;
    const auto gaps = static_cast<std::int64_t>(times_.size() - 1);
    tick_ = std::max<std::int64_t>(1, (times_.back() - times_.front()) / gaps);
  }

  /// Of packet `index` in the order of the file. It is decoded when the frame `delay_` places before it in
  /// time is shown, which holds across segments; the encoders' own times would go back at each seam.
  std::int64_t decoded_at(std::size_t index) const {
    const auto shown = static_cast<std::ptrdiff_t>(index) - delay_;
    return shown >= 0 ? times_[static_cast<std::size_t>(shown)] : times_.front() + shown * tick_;
  }

  std::int64_t duration(std::int64_t pts) const {
    const auto next = std::upper_bound(times_.begin(), times_.end(), pts);
    return next != times_.end() ? *next - pts : tick_;
  }

 private:
  std::vector<std::int64_t> times_;
  std::ptrdiff_t delay_ = 0;  ///< Places that a frame's packet is behind its turn at most
  std::int64_t tick_ = 1;
};

/// FFmpeg refuses what belongs to the sound, and not because of the disk.
struct SoundRefused {
  int error;
};

/// Throws, for an error that came while `output` was written: SoundRefused where it may be the sound's.
[[noreturn]] void fail_to_join(const JoinSpec& spec, const AVFormatContext* output, int error) {
  const bool of_disk = (output->pb != nullptr && output->pb->error < 0) || error == AVERROR(ENOSPC) ||
                       error == AVERROR(EIO) || error == AVERROR(ENOMEM);
  if (spec.sound && !of_disk) throw SoundRefused{error};
  fail(spec.target, error);
}

/// The file that the segments become, with its streams and its header written.
OutputPtr begin_output(const JoinSpec& spec, AVRational time_base, std::unique_ptr<Sound>& sound) {
  OutputPtr output = make_output(spec.target, spec.container.c_str());
  const InputPtr first = open_segment_file(spec.segments.front());
  AVStream* stream = add_video_stream(output.get(), *first->streams[0]->codecpar, spec.grey16);
  stream->time_base = time_base;
  for (const auto& [key, value] : spec.tags) av_dict_set(&output->metadata, key.c_str(), value.c_str(), 0);
  if (spec.sound) {
    sound = std::make_unique<Sound>(spec, output.get());
    if (!sound->present()) sound.reset();
  }
  open_file(output.get(), spec.target);
  AVDictionary* options = nullptr;
  if (spec.container == "mp4" || spec.container == "mov")
    av_dict_set(&options, "movflags", "+faststart+use_metadata_tags", 0);
  const int begun = avformat_write_header(output.get(), &options);
  av_dict_free(&options);
  if (begun < 0) fail_to_join(spec, output.get(), begun);
  return output;
}

/// Returns warnings.
std::vector<std::string> join(const JoinSpec& spec) {
  const PacketPtr packet = make_packet();
  const AVRational time_base{static_cast<int>(spec.time_base.num), static_cast<int>(spec.time_base.den)};
  const std::vector<std::int64_t> times = times_of(spec.segments, time_base, packet.get());
  if (times.empty()) throw Error(ErrorCode::kInternal, spec.target.string() + ": no frame was encoded");
  std::unique_ptr<Sound> sound;
  const OutputPtr output = begin_output(spec, time_base, sound);
  const AVStream* stream = output->streams[0];
  std::int64_t shift = spec.shift;
  if (sound && spec.sound_may_lead) {
    const auto lead = static_cast<std::int64_t>(std::ceil(sound->lead_s() / av_q2d(time_base)));
    shift -= lead;
    sound->move(static_cast<double>(lead) * av_q2d(time_base));
  }
  const auto write = [&](AVPacket* each) {
    const int written = av_interleaved_write_frame(output.get(), each);
    if (written < 0) fail_to_join(spec, output.get(), written);
  };
  const auto write_sound_until = [&](double seconds) {
    if (!sound) return;
    for (AVPacket* each = sound->peek(); each != nullptr && sound->seconds(each) <= seconds;
         each = sound->peek()) {
      write(each);
    }
  };
  const Clock clock(times);
  std::size_t index = 0;
  for (const std::filesystem::path& file : spec.segments) {
    const InputPtr input = open_segment_file(file);
    while (read_back(input.get(), file, packet.get())) {
      const std::int64_t pts = time_in_segment(*packet, *input, time_base);
      packet->pts = pts - shift;
      packet->dts = clock.decoded_at(index++) - shift;
      packet->duration = clock.duration(pts);
      packet->stream_index = stream->index;
      packet->pos = -1;
      write_sound_until(static_cast<double>(packet->dts) * av_q2d(time_base));
      av_packet_rescale_ts(packet.get(), time_base, stream->time_base);
      write(packet.get());
    }
  }
  write_sound_until(std::numeric_limits<double>::infinity());
  if (const int ended = av_write_trailer(output.get()); ended < 0) fail_to_join(spec, output.get(), ended);
  close_file(output.get(), spec.target);
  const std::optional<std::string> cut = sound ? sound->cut_short() : std::nullopt;
  return cut ? std::vector{*cut} : std::vector<std::string>();
}

}  // namespace

std::vector<std::string> join_segments(const JoinSpec& spec) {
  silence();
  try {
    return join(spec);
  } catch (const SoundRefused& refused) {
    // The frames are worth more than the sound; if it was not the sound, this fails as well.
    JoinSpec without = spec;
    without.sound.reset();
    join(without);
    return {sound_dropped(*spec.sound, spec.container, refused.error)};
  }
}

}  // namespace da3::video::av
