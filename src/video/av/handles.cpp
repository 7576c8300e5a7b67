// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <filesystem>

#include <video/av/complaints.hpp>
#include <video/av/handles.hpp>

#include <da3/error.hpp>

namespace da3::video::av {
namespace {

// Containers of one file each: playlists and image sequences open further files or the network.
constexpr const char* kContainers =
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf,mxf,nut,ivf,gif,apng,h264,hevc,obu,"
    "av1,aac,mp3,"
    "wav,flac";
constexpr const char* kProtocols = "file,pipe";
constexpr int kMostStreams = 64;
constexpr std::size_t kMostBytesAtOnce = std::size_t{1} << 30;

struct FreeOptions {
  void operator()(AVDictionary* options) const { av_dict_free(&options); }
};

}  // namespace

std::string text_of(int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  return av_strerror(error, text, sizeof(text)) == 0 ? text : "error " + std::to_string(error);
}

FramePtr make_frame() {
  FramePtr frame(av_frame_alloc());
  if (!frame) throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was read");
  return frame;
}

PacketPtr make_packet() {
  PacketPtr packet(av_packet_alloc());
  if (!packet) throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was read");
  return packet;
}

void silence() {
  av_log_set_level(AV_LOG_QUIET);
  take_log();
  av_max_alloc(kMostBytesAtOnce);
}

InputPtr open_input(const std::string& path) {
  silence();
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  if (status.type() == std::filesystem::file_type::not_found) {
    throw Error(ErrorCode::kInputNotFound, path + ": no such file; check the path");
  }
  if (status.type() != std::filesystem::file_type::regular) {
    throw Error(ErrorCode::kInputNotRegular,
                path + ": not a regular file; give a video file, or '-' for a pipe");
  }
  AVFormatContext* context = avformat_alloc_context();
  if (context == nullptr) throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was opened");
  context->max_streams = kMostStreams;
  AVDictionary* options = nullptr;
  av_dict_set(&options, "format_whitelist", kContainers, 0);
  av_dict_set(&options, "protocol_whitelist", kProtocols, 0);
  // The prefix keeps a name such as concat:a|b a name.
  const int opened = avformat_open_input(&context, ("file:" + path).c_str(), nullptr, &options);
  av_dict_free(&options);
  if (opened == AVERROR(EACCES) || opened == AVERROR(EPERM)) {
    throw Error(ErrorCode::kInputUnreadable,
                path + ": the file cannot be read (" + text_of(opened) + "); check its rights");
  }
  if (opened == AVERROR(ENOMEM))
    throw Error(ErrorCode::kOutOfMemory, path + ": memory ran out while it was opened");
  if (opened == AVERROR(EINVAL)) {  // That of a format which is not on the list
    throw Error(ErrorCode::kVideoUnsupported,
                path + ": da3 does not open this kind of file; pipe its frames in: ffmpeg -i " + path +
                    " -f yuv4mpegpipe - | da3 video -");
  }
  if (opened < 0) {
    throw Error(ErrorCode::kVideoDamaged,
                path + ": this is no video that can be opened (" + text_of(opened) +
                    "); if it was cut short, its index at the end is missing: copy the file again");
  }
  InputPtr input(context);
  const int found = avformat_find_stream_info(input.get(), nullptr);
  if (found < 0)
    throw Error(ErrorCode::kVideoDamaged, path + ": its streams cannot be read (" + text_of(found) + ")");
  return input;
}

int read_packet(AVFormatContext* input, AVPacket* packet) {
  const int got = av_read_frame(input, packet);
  if (got >= 0) return 0;
  const int of_disk = input->pb != nullptr ? input->pb->error : 0;
  return of_disk < 0 && of_disk != AVERROR_EOF ? of_disk : got;
}

int video_stream(AVFormatContext* input, const std::string& path, int wanted) {
  const auto moves = [&](int index) {
    const AVStream* stream = input->streams[index];
    return stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
           (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) == 0;
  };
  const int count = static_cast<int>(input->nb_streams);
  if (wanted >= 0) {
    if (wanted >= count || !moves(wanted)) {
      throw Error(ErrorCode::kVideoNone, path + ": stream " + std::to_string(wanted) +
                                             " is no video; the file has " + std::to_string(count) +
                                             " streams");
    }
    return wanted;
  }
  const int best = av_find_best_stream(input, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (best >= 0 && moves(best)) return best;
  for (int index = 0; index < count; ++index) {
    if (moves(index)) return index;
  }
  throw Error(ErrorCode::kVideoNone,
              path + ": the file has no video (a cover picture is none); give a video file");
}

}  // namespace da3::video::av
