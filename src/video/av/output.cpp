// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <unistd.h>
#include <video/av/output.hpp>

#include <da3/error.hpp>

#include <core/file_descriptor.hpp>

namespace da3::video::av {

std::int64_t segment_origin(AVRational time_base) {
  return av_rescale(3600, time_base.den, time_base.num);
}

void fail(const std::filesystem::path& file, int error) {
  const std::string what = error == AVERROR(ENOSPC) ? "the disk is full" : text_of(error);
  throw Error(ErrorCode::kOutputFailed, file.string() + ": it could not be written (" + what + ")");
}

namespace {

/// Without it a colon in a name begins a protocol.
std::string url_of(const std::filesystem::path& file) {
  return "file:" + file.string();
}

/// A new file in place of what has its name: FFmpeg would write through a link that somebody put there.
void make_new(const std::filesystem::path& file) {
  constexpr mode_t kFileMode = 0666;
  unlink(file.c_str());
  if (!core::FileDescriptor(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode)))
    fail(file, AVERROR(errno));
}

}  // namespace

OutputPtr make_output(const std::filesystem::path& file, const char* container) {
  AVFormatContext* context = nullptr;
  // Some containers open it once more by this name.
  const int made = avformat_alloc_output_context2(&context, nullptr, container, url_of(file).c_str());
  if (made < 0)
    throw Error(ErrorCode::kEncoderUnavailable,
                std::string("this FFmpeg cannot write ") + container + " files");
  context->flags |= AVFMT_FLAG_BITEXACT;
  return OutputPtr(context);
}

AVStream* add_video_stream(AVFormatContext* output, const AVCodecParameters& parameters, bool grey16) {
  AVStream* stream = avformat_new_stream(output, nullptr);
  if (stream == nullptr || avcodec_parameters_copy(stream->codecpar, &parameters) < 0)
    throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was written");
  stream->codecpar->codec_tag = 0;
  // NUT does not hold these. MP4 writes VP9 that nothing can open without its format, and MPEG-4, VP8 and
  // FFV1 have no place of their own for colours.
  stream->codecpar->format = pixel_format(grey16);
  if (!grey16) set_colours(*stream->codecpar);
  return stream;
}

void open_file(AVFormatContext* output, const std::filesystem::path& file) {
  make_new(file);
  const int opened = avio_open(&output->pb, url_of(file).c_str(), AVIO_FLAG_WRITE);
  if (opened < 0) fail(file, opened);
}

void close_file(AVFormatContext* output, const std::filesystem::path& file) {
  const int closed = avio_closep(&output->pb);
  if (closed < 0) fail(file, closed);
}

}  // namespace da3::video::av
