// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <video/av/sound.hpp>

#include <da3/error.hpp>

namespace da3::video::av {
namespace {

constexpr double kRounding_s = 0.001;  // Matroska counts milliseconds.

}  // namespace

int sound_stream(AVFormatContext* input, const SoundSource& source) {
  const int video = video_stream(input, source.path, source.video);
  return av_find_best_stream(input, AVMEDIA_TYPE_AUDIO, -1, video, nullptr, 0);
}

Sound::Sound(const JoinSpec& spec, AVFormatContext* output)
    : path_(spec.sound->path),
      input_(open_input(path_)),
      start_s_(spec.sound_start_s),
      shift_s_(spec.sound_shift_s),
      end_s_(spec.sound_end_s) {
  index_ = sound_stream(input_.get(), *spec.sound);
  if (index_ < 0) return;
  const AVStream* from = input_->streams[index_];
  stream_ = avformat_new_stream(output, nullptr);
  avcodec_parameters_copy(stream_->codecpar, from->codecpar);
  stream_->codecpar->codec_tag = 0;
  stream_->time_base = from->time_base;
  holds_negative_ = (output->oformat->flags & AVFMT_TS_NEGATIVE) != 0;
  strict_ = (output->oformat->flags & AVFMT_TS_NONSTRICT) == 0;
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    if (static_cast<int>(i) != index_) input_->streams[i]->discard = AVDISCARD_ALL;
  }
  packet_ = make_packet();
  if (holds_negative_) return;
  const double lead_s = find() ? shift_s_ - seconds_at(packet_->pts) : 0;
  delay_beginning(*stream_->codecpar, lead_s);
  delayed_ = delayed_times(*stream_->codecpar, spec.container);
  if (lead_s > kRounding_s - delayed_.earliest_s) lead_s_ = lead_s;
}

double Sound::seconds_at(std::int64_t pts) const {
  return static_cast<double>(pts) * av_q2d(input_->streams[index_]->time_base);
}

/// Reads a packet; false at the end.
bool Sound::read() {
  const int got = read_packet(input_.get(), packet_.get());
  if (got >= 0) return true;
  if (input_->pb != nullptr && input_->pb->error == got && got != AVERROR_EOF) {
    throw Error(ErrorCode::kInputUnreadable,
                path_ + ": its sound cannot be read (" + text_of(got) + "); the same command goes on");
  }
  if (got != AVERROR_EOF) {
    cut_short_ = "sound.cut_short: " + path_ + " is damaged: its sound is copied up to " +
                 std::to_string(read_until_s_) + " s (" + text_of(got) + ")";
  }
  return false;
}

/// Reads on to a packet in range; one that is there already is that.
bool Sound::find() {
  if (packet_->data != nullptr) return true;
  while (!ended_ && read()) {
    if (packet_->stream_index == index_ && packet_->pts != AV_NOPTS_VALUE) {
      const double seconds = seconds_at(packet_->pts);
      const double end_s = seconds_at(packet_->pts + packet_->duration);
      read_until_s_ = std::max(read_until_s_, end_s);
      if (end_s_ && seconds >= *end_s_) break;
      if (!start_s_ || std::max(seconds + 1e-9, end_s - 1e-9) >= *start_s_) return true;
    }
    av_packet_unref(packet_.get());
  }
  av_packet_unref(packet_.get());
  ended_ = true;
  return false;
}

AVPacket* Sound::peek() {
  if (!present()) return nullptr;
  if (packet_->data == nullptr) fits_ = false;
  while (!fits_ && find()) {
    fits_ = fit();
    if (!fits_) av_packet_unref(packet_.get());
  }
  return fits_ ? packet_.get() : nullptr;
}

/// Gives the packet the output's times; false if there is no place for it.
bool Sound::fit() {
  // Times in milliseconds repeat where packets are shorter.
  constexpr double kRepeated_s = 0.01;
  av_packet_rescale_ts(packet_.get(), input_->streams[index_]->time_base, stream_->time_base);
  const auto ticks = [&](double seconds) {
    return static_cast<std::int64_t>(std::llround(seconds / av_q2d(stream_->time_base)));
  };
  const std::int64_t shift = ticks(shift_s_);
  packet_->pts -= shift;
  packet_->dts = packet_->dts == AV_NOPTS_VALUE ? packet_->pts : packet_->dts - shift;
  if (!holds_negative_) {
    // Times of the file and of the start are rounded each.
    const std::int64_t first = ticks(delayed_.earliest_s);
    if (packet_->dts < first - 1) return false;
    packet_->dts = std::max(packet_->dts, first);
    packet_->pts = std::max(packet_->pts, first);
    packet_->pts += ticks(delayed_.added_s);
    packet_->dts += ticks(delayed_.added_s);
  }
  if (last_dts_) {
    // Times went back: this was heard already.
    const std::int64_t earliest = *last_dts_ + (strict_ ? 1 : 0);
    const auto behind = static_cast<double>(earliest - packet_->dts);
    if (behind * av_q2d(stream_->time_base) > kRepeated_s) return false;
    packet_->dts = std::max(packet_->dts, earliest);
  }
  packet_->pts = std::max(packet_->pts, packet_->dts);
  last_dts_ = packet_->dts;
  packet_->stream_index = stream_->index;
  packet_->pos = -1;
  return true;
}

}  // namespace da3::video::av
