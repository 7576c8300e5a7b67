// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <optional>

#include <video/av/delayed_sound.hpp>
#include <video/av/memory_file.hpp>

namespace da3::video::av {
namespace {

/// When a packet is read that was written at `seconds`; none where the container refuses it.
std::optional<double> read_back_s(const AVCodecParameters& sound, const std::string& container,
                                  double seconds) {
  MemoryFile file(container);
  AVStream* stream = avformat_new_stream(file.output(), nullptr);
  if (stream == nullptr || avcodec_parameters_copy(stream->codecpar, &sound) < 0) return std::nullopt;
  stream->codecpar->codec_tag = 0;
  if (file.open() < 0 || avformat_write_header(file.output(), nullptr) < 0) return std::nullopt;
  const PacketPtr packet = make_packet();
  if (av_new_packet(packet.get(), 1) < 0) return std::nullopt;
  packet->data[0] = 0;
  packet->pts = packet->dts = std::llround(seconds / av_q2d(stream->time_base));
  packet->flags |= AV_PKT_FLAG_KEY;
  if (av_write_frame(file.output(), packet.get()) < 0 || av_write_trailer(file.output()) < 0)
    return std::nullopt;
  const InputPtr input = file.read_back();
  av_packet_unref(packet.get());
  if (!input || av_read_frame(input.get(), packet.get()) < 0 || packet->pts == AV_NOPTS_VALUE)
    return std::nullopt;
  return static_cast<double>(packet->pts) * av_q2d(input->streams[0]->time_base);
}

}  // namespace

void delay_beginning(AVCodecParameters& sound, double lead_s) {
  // Of the header of Opus (RFC 7845), which has to say the same.
  constexpr int kPreSkip = 10;
  constexpr int kOpusRate = 48000;
  constexpr int kMostPreSkip = 65535;
  const bool opus = sound.codec_id == AV_CODEC_ID_OPUS;
  const int rate = opus ? kOpusRate : sound.sample_rate;
  const double samples = std::ceil(lead_s * rate - 1e-6);
  if (samples <= sound.initial_padding || samples > kMostPreSkip) return;
  sound.initial_padding = static_cast<int>(samples);
  if (!opus || sound.extradata_size < kPreSkip + 2) return;
  sound.extradata[kPreSkip] = static_cast<std::uint8_t>(sound.initial_padding & 0xff);
  sound.extradata[kPreSkip + 1] = static_cast<std::uint8_t>(sound.initial_padding >> 8);
}

DelayedTimes delayed_times(const AVCodecParameters& sound, const std::string& container) {
  constexpr double kLater_s = 1;
  constexpr double kRounding_s = 0.002;  // Matroska counts milliseconds.
  if (sound.initial_padding <= 0 || sound.sample_rate <= 0) return {};
  const double delay_s = static_cast<double>(sound.initial_padding) / sound.sample_rate;
  const std::optional<double> later = read_back_s(sound, container, kLater_s);
  if (!later) return {};
  DelayedTimes times;
  times.added_s = kLater_s - *later;
  const std::optional<double> first = read_back_s(sound, container, times.added_s - delay_s);
  if (first && std::abs(*first + delay_s) < kRounding_s) times.earliest_s = -delay_s;
  return times;
}

}  // namespace da3::video::av
