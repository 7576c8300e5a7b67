// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <string_view>

#include <video/av/memory_file.hpp>
#include <video/av/sound.hpp>
#include <video/av/sound_trial.hpp>

namespace da3::video::av {
namespace {

constexpr std::string_view kKeepsMostSound = "matroska";

/// Whether the parameters hold what a decoder has to know, as far as there is one here.
bool can_begin(const AVCodecParameters& sound) {
  const AVCodec* codec = avcodec_find_decoder(sound.codec_id);
  if (codec == nullptr) return sound.codec_id != AV_CODEC_ID_NONE;
  const CodecPtr decoder(avcodec_alloc_context3(codec));
  return decoder && avcodec_parameters_to_context(decoder.get(), &sound) >= 0 &&
         avcodec_open2(decoder.get(), codec, nullptr) >= 0;
}

/// Whether the finished file has one stream, that a decoder can begin, and a packet.
bool reads_back(MemoryFile& file) {
  const InputPtr input = file.read_back();
  if (!input || avformat_find_stream_info(input.get(), nullptr) < 0 || input->nb_streams != 1) return false;
  const PacketPtr packet = make_packet();
  return can_begin(*input->streams[0]->codecpar) && av_read_frame(input.get(), packet.get()) >= 0;
}

/// FFmpeg's error where a file of `container` with the beginning of the sound cannot be written, or read
/// again: avformat_query_codec knows nothing of experimental codecs, of rates and layouts, nor of what
/// Matroska holds in the way of AVI; and some headers are written that nothing can read.
int try_sound(const SoundSource& source, const std::string& container) {
  // Some headers are written from what the first packets say.
  constexpr int kPackets = 32;
  MemoryFile file(container);
  JoinSpec spec;
  spec.container = container;
  spec.sound = source;
  Sound sound(spec, file.output());
  if (!sound.present()) return 0;
  if (const int opened = file.open(); opened < 0) return opened;
  if (const int begun = avformat_write_header(file.output(), nullptr); begun < 0) return begun;
  int packets = 0;
  for (AVPacket* packet = sound.peek(); packet != nullptr && packets < kPackets; packet = sound.peek()) {
    if (const int written = av_interleaved_write_frame(file.output(), packet); written < 0) return written;
    ++packets;
  }
  if (const int ended = av_write_trailer(file.output()); ended < 0) return ended;
  return packets == 0 || reads_back(file) ? 0 : AVERROR(EINVAL);
}

}  // namespace

std::optional<std::string> refused_sound(const SoundSource& source, const std::string& container) {
  silence();
  const int refused = try_sound(source, container);
  if (refused >= 0) return std::nullopt;
  return sound_dropped(source, container, refused);
}

std::string sound_dropped(const SoundSource& source, const std::string& container, int error) {
  const InputPtr input = open_input(source.path);
  const AVCodecID codec = input->streams[sound_stream(input.get(), source)]->codecpar->codec_id;
  const std::string name = codec == AV_CODEC_ID_NONE ? "unknown" : avcodec_get_name(codec);
  // "Invalid argument" is what FFmpeg calls a codec that is not in a container's list.
  const std::string why = error == AVERROR(EINVAL) ? "" : " (" + text_of(error) + ")";
  std::string warning = "sound.dropped: " + container + " files do not take this " + name + " sound" + why;
  if (container != kKeepsMostSound && try_sound(source, std::string(kKeepsMostSound)) >= 0)
    warning += "; give -o a name that ends in .mkv to keep it";
  return warning;
}

}  // namespace da3::video::av
