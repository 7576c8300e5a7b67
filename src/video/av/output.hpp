// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include <video/av/handles.hpp>
#include <video/frame.hpp>

// Files that FFmpeg writes.
namespace da3::video::av {

struct CloseOutput {
  void operator()(AVFormatContext* context) const {
    if (context->pb != nullptr) avio_closep(&context->pb);
    avformat_free_context(context);
  }
};
using OutputPtr = std::unique_ptr<AVFormatContext, CloseOutput>;

/// A file of `container` that is not open yet; equal packets give equal bytes. Throws: Error
/// kEncoderUnavailable.
OutputPtr make_output(const std::filesystem::path& file, const char* container);

/// Of the frames of encoded videos.
constexpr AVPixelFormat pixel_format(bool grey16) {
  return grey16 ? AV_PIX_FMT_GRAY16LE : AV_PIX_FMT_YUV420P;
}

/// Colours are BT.709 of limited range. `To`: AVCodecContext or AVFrame.
template <typename To>
void set_colours(To& to) {
  to.colorspace = AVCOL_SPC_BT709;
  to.color_primaries = AVCOL_PRI_BT709;
  to.color_trc = AVCOL_TRC_BT709;
  to.color_range = AVCOL_RANGE_MPEG;
}
inline void set_colours(AVCodecParameters& to) {
  to.color_space = AVCOL_SPC_BT709;
  to.color_primaries = AVCOL_PRI_BT709;
  to.color_trc = AVCOL_TRC_BT709;
  to.color_range = AVCOL_RANGE_MPEG;
}

/// The stream of a finished file whose packets were in a segment with `parameters`. Throws: Error
/// kOutOfMemory.
AVStream* add_video_stream(AVFormatContext* output, const AVCodecParameters& parameters, bool grey16);

/// Opens a new file for writing, in place of what has its name. Throws: Error kOutputFailed.
void open_file(AVFormatContext* output, const std::filesystem::path& file);

/// Closes the file, whose trailer is written. Throws: Error kOutputFailed.
void close_file(AVFormatContext* output, const std::filesystem::path& file);

/// Throws: Error kOutputFailed with FFmpeg's reason.
[[noreturn]] void fail(const std::filesystem::path& file, int error);

/// Added to every time within a segment, an hour: NUT moves a stream whose decoding times begin below 0.
std::int64_t segment_origin(AVRational time_base);

}  // namespace da3::video::av
