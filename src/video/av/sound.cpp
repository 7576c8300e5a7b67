// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>

#include <video/av/sound.hpp>

namespace da3::video::av {
namespace {

bool takes_codec(const AVFormatContext& output, AVCodecID codec) {
  return avformat_query_codec(output.oformat, codec, FF_COMPLIANCE_NORMAL) == 1;
}

}  // namespace

Sound::Sound(const JoinSpec& spec, AVFormatContext* output, std::vector<std::string>& warnings)
    : start_s_(spec.sound_start_s), shift_s_(spec.sound_shift_s), end_s_(spec.sound_end_s) {
  input_ = open_input(*spec.sound);
  index_ = av_find_best_stream(input_.get(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
  if (index_ < 0) return;
  const AVStream* from = input_->streams[index_];
  if (!takes_codec(*output, from->codecpar->codec_id)) {
    warnings.push_back(std::string("sound.dropped: ") + output->oformat->name + " files do not take " +
                       avcodec_get_name(from->codecpar->codec_id) +
                       " sound; give -o a name that ends in .mkv to keep it");
    index_ = -1;
    return;
  }
  stream_ = avformat_new_stream(output, nullptr);
  avcodec_parameters_copy(stream_->codecpar, from->codecpar);
  stream_->codecpar->codec_tag = 0;
  stream_->time_base = from->time_base;
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
    if (packet_->stream_index == index_ && packet_->pts != AV_NOPTS_VALUE && seconds >= start_s_ - 1e-9) {
      if (end_s_ && seconds >= *end_s_) break;
      av_packet_rescale_ts(packet_.get(), from->time_base, stream_->time_base);
      const auto shift = static_cast<std::int64_t>(std::llround(shift_s_ / av_q2d(stream_->time_base)));
      packet_->pts -= shift;
      packet_->dts = packet_->dts == AV_NOPTS_VALUE ? packet_->pts : packet_->dts - shift;
      packet_->stream_index = stream_->index;
      packet_->pos = -1;
      return packet_.get();
    }
    av_packet_unref(packet_.get());
  }
  ended_ = true;
  return nullptr;
}

}  // namespace da3::video::av
