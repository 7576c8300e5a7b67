// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include <video/av/encoder_trial.hpp>
#include <video/av/memory_file.hpp>
#include <video/av/output.hpp>
#include <video/av/segment.hpp>

#include <da3/error.hpp>

namespace da3::video::av {
namespace {

FramePtr dark_frame(const AVCodecContext& encoder) {
  FramePtr frame = make_frame();
  frame->format = encoder.pix_fmt;
  frame->width = encoder.width;
  frame->height = encoder.height;
  frame->quality = encoder.global_quality;
  frame->pts = 0;
  if (av_frame_get_buffer(frame.get(), 0) < 0)
    throw Error(ErrorCode::kOutOfMemory, "memory ran out while an encoder was tried out");
  for (AVBufferRef* plane : frame->buf) {
    if (plane != nullptr) std::memset(plane->data, 0, plane->size);
  }
  return frame;
}

/// Where the packets of a trial go.
class Trial {
 public:
  explicit Trial(const std::string& container) : file_(container) {}

  AVFormatContext* output() const { return file_.output(); }
  bool begin() { return file_.open() >= 0 && avformat_write_header(output(), nullptr) >= 0; }
  bool write(AVPacket* packet) {
    packet->stream_index = 0;
    packet->pts = packet->dts = 0;
    packet->duration = 1;
    packet->pos = -1;
    return av_interleaved_write_frame(output(), packet) >= 0;
  }
  InputPtr end() { return av_write_trailer(output()) >= 0 ? file_.read_back() : nullptr; }

 private:
  MemoryFile file_;
};

bool encode(AVCodecContext& encoder, Trial& segment) {
  AVStream* stream = avformat_new_stream(segment.output(), nullptr);
  if (stream == nullptr || avcodec_parameters_from_context(stream->codecpar, &encoder) < 0) return false;
  stream->codecpar->codec_tag = 0;
  stream->time_base = encoder.time_base;
  if (!segment.begin() || avcodec_send_frame(&encoder, dark_frame(encoder).get()) < 0) return false;
  avcodec_send_frame(&encoder, nullptr);
  const PacketPtr packet = make_packet();
  int packets = 0;
  for (; avcodec_receive_packet(&encoder, packet.get()) >= 0; ++packets) {
    if (!segment.write(packet.get())) return false;
  }
  return packets > 0;
}

bool copy(AVFormatContext& segment, bool grey16, Trial& file) {
  AVStream* stream = add_video_stream(file.output(), *segment.streams[0]->codecpar, grey16);
  stream->time_base = segment.streams[0]->time_base;
  if (!file.begin()) return false;
  const PacketPtr packet = make_packet();
  while (av_read_frame(&segment, packet.get()) >= 0) {
    if (!file.write(packet.get())) return false;
  }
  return true;
}

/// Whether the file has one frame of the encoder's size, as far as there is a decoder here.
bool decodes(AVFormatContext& file, const AVCodecContext& encoder) {
  if (avformat_find_stream_info(&file, nullptr) < 0 || file.nb_streams != 1) return false;
  const AVCodecParameters& video = *file.streams[0]->codecpar;
  const AVCodec* codec = avcodec_find_decoder(video.codec_id);
  if (codec == nullptr) return video.codec_id == encoder.codec_id;
  const CodecPtr decoder(avcodec_alloc_context3(codec));
  if (!decoder || avcodec_parameters_to_context(decoder.get(), &video) < 0 ||
      avcodec_open2(decoder.get(), codec, nullptr) < 0) {
    return false;
  }
  const PacketPtr packet = make_packet();
  while (av_read_frame(&file, packet.get()) >= 0) {
    avcodec_send_packet(decoder.get(), packet.get());
    av_packet_unref(packet.get());
  }
  avcodec_send_packet(decoder.get(), nullptr);
  const FramePtr frame = make_frame();
  return avcodec_receive_frame(decoder.get(), frame.get()) >= 0 && frame->width == encoder.width &&
         frame->height == encoder.height;
}

}  // namespace

bool can_be_read_back(AVCodecContext& encoder, bool grey16, const std::string& container) {
  Trial segment(kSegmentContainer);
  if (!encode(encoder, segment)) return false;
  const InputPtr packets = segment.end();
  Trial file(container);
  if (!packets || packets->nb_streams != 1 || !copy(*packets, grey16, file)) return false;
  const InputPtr back = file.end();
  return back && decodes(*back, encoder);
}

}  // namespace da3::video::av
