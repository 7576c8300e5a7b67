// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <video/av/clips.hpp>
#include <video/av/handles.hpp>

#include <da3/error.hpp>

// Encoders that fail once they are asked for the frames that they hold, as a device's may.
namespace {

struct Encoder {
  bool at_end = false;   ///< It was told that there are no more frames
  int end_error = 0;     ///< What it answers then
  int packet_error = 0;  ///< What it gives then in place of a packet
} encoder;

}  // namespace

// In place of FFmpeg's.
extern "C" int avcodec_send_frame(AVCodecContext* context, const AVFrame* frame) {
  static const auto real =
      reinterpret_cast<decltype(&avcodec_send_frame)>(dlsym(RTLD_NEXT, "avcodec_send_frame"));
  encoder.at_end = frame == nullptr;
  return encoder.at_end && encoder.end_error != 0 ? encoder.end_error : real(context, frame);
}

extern "C" int avcodec_receive_packet(AVCodecContext* context, AVPacket* packet) {
  static const auto real =
      reinterpret_cast<decltype(&avcodec_receive_packet)>(dlsym(RTLD_NEXT, "avcodec_receive_packet"));
  return encoder.at_end && encoder.packet_error != 0 ? encoder.packet_error : real(context, packet);
}

namespace da3::video {
namespace {

using ::testing::HasSubstr;

class EncoderErrors : public Clips {
 protected:
  ~EncoderErrors() override { encoder = {}; }

  /// The message of the error with which a segment ends; empty if it ends well.
  std::string error_of_end(int end_error, int packet_error) const {
    StreamSpec stream;
    stream.size = {36, 64};
    stream.encoder = "libx264";  // Holds some frames
    const auto segment = av::library().segment(folder_.path() / "segment.nut", stream);
    write_grey(*segment, stream.size, 12);
    encoder = {.end_error = end_error, .packet_error = packet_error};
    std::string message;
    try {
      segment->finish();
    } catch (const Error& error) {
      message = error.what();
    }
    encoder = {};
    return message;
  }
};

TEST_F(EncoderErrors, AtTheEndLoseNoFrameUnseen) {
  EXPECT_EQ(error_of_end(0, 0), "");
  EXPECT_THAT(error_of_end(AVERROR_EXTERNAL, 0), HasSubstr("libx264 failed at a frame"));
  EXPECT_THAT(error_of_end(0, AVERROR_EXTERNAL), HasSubstr("libx264 failed at a frame"));
  EXPECT_THAT(error_of_end(0, AVERROR(ENOMEM)), HasSubstr("memory ran out"));
  EXPECT_THAT(error_of_end(0, AVERROR_EOF), HasSubstr("of 12 frames"));
}

}  // namespace
}  // namespace da3::video
