// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <memory>
#include <string>

// FFmpeg's objects with owners, and its error texts. FFmpeg 4.4 (libavformat 58) and later.
namespace da3::video::av {

struct Free {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};
struct CloseInput {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
};

using FramePtr = std::unique_ptr<AVFrame, Free>;
using PacketPtr = std::unique_ptr<AVPacket, Free>;
using CodecPtr = std::unique_ptr<AVCodecContext, Free>;
using ScalerPtr = std::unique_ptr<SwsContext, Free>;
using InputPtr = std::unique_ptr<AVFormatContext, CloseInput>;

/// FFmpeg's text for one of its error codes.
std::string text_of(int error);

/// An empty frame or packet. Throws: Error kOutOfMemory.
FramePtr make_frame();
PacketPtr make_packet();

/// FFmpeg's messages are not printed; what matters comes as Error.
void silence();

/// An open file of one of the containers that da3 reads, with its streams known. Never opens another file or
/// the network. Throws: Error kInputNotFound, kInputUnreadable, kVideoUnsupported, kVideoDamaged.
InputPtr open_input(const std::string& path);

/// Reads the next packet: 0, AVERROR_EOF at the end, else an error, also one of the disk that the container
/// takes for its end.
int read_packet(AVFormatContext* input, AVPacket* packet);

/// The best stream of moving pictures, or the one asked for. Throws: Error kVideoNone.
int video_stream(AVFormatContext* input, const std::string& path, int wanted);

}  // namespace da3::video::av
