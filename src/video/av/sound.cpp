// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <video/av/sound.hpp>

namespace da3::video::av {

int sound_stream(AVFormatContext* input) {
  return av_find_best_stream(input, AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
}

Sound::Sound(const JoinSpec& spec, AVFormatContext* output)
    : start_s_(spec.sound_start_s), shift_s_(spec.sound_shift_s), end_s_(spec.sound_end_s) {
  input_ = open_input(*spec.sound);
  index_ = sound_stream(input_.get());
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
}

AVPacket* Sound::peek() {
  if (!present() || ended_) return nullptr;
  if (packet_->data != nullptr) return packet_.get();
  const AVStream* from = input_->streams[index_];
  while (av_read_frame(input_.get(), packet_.get()) >= 0) {
    const double seconds = static_cast<double>(packet_->pts) * av_q2d(from->time_base);
    if (packet_->stream_index == index_ && packet_->pts != AV_NOPTS_VALUE &&
        (!start_s_ || seconds >= *start_s_ - 1e-9)) {
      if (end_s_ && seconds >= *end_s_) break;
      if (fit()) return packet_.get();
    }
    av_packet_unref(packet_.get());
  }
  ended_ = true;
  return nullptr;
}

/// Gives the packet the output's times; false if there is no place for it.
bool Sound::fit() {
  // Times in milliseconds repeat where packets are shorter.
  constexpr double kRounding_s = 0.01;
  av_packet_rescale_ts(packet_.get(), input_->streams[index_]->time_base, stream_->time_base);
  const auto shift = static_cast<std::int64_t>(std::llround(shift_s_ / av_q2d(stream_->time_base)));
  packet_->pts -= shift;
  packet_->dts = packet_->dts == AV_NOPTS_VALUE ? packet_->pts : packet_->dts - shift;
  // The container would move everything, frames too, until it begins at 0.
  if (packet_->dts < 0 && !holds_negative_) return false;
  if (last_dts_) {
    // Times went back: this was heard already.
    const std::int64_t earliest = *last_dts_ + (strict_ ? 1 : 0);
    const auto behind = static_cast<double>(earliest - packet_->dts);
    if (behind * av_q2d(stream_->time_base) > kRounding_s) return false;
    packet_->dts = std::max(packet_->dts, earliest);
  }
  packet_->pts = std::max(packet_->pts, packet_->dts);
  last_dts_ = packet_->dts;
  packet_->stream_index = stream_->index;
  packet_->pos = -1;
  return true;
}

}  // namespace da3::video::av
