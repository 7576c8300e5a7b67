// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include <video/av/output.hpp>
#include <video/av/sound.hpp>
#include <video/av/sound_trial.hpp>

#include <da3/error.hpp>

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

/// A file in memory that is written, then read.
class MemoryFile {
 public:
  explicit MemoryFile(const std::string& container) : output_(make_output("", container.c_str()).release()) {}

  AVFormatContext* output() const { return output_.get(); }
  int open() { return avio_open_dyn_buf(&output_->pb); }

  /// Whether the finished file has one stream, that a decoder can begin, and a packet.
  bool reads_back() {
    std::uint8_t* bytes = nullptr;
    size_ = avio_close_dyn_buf(std::exchange(output_->pb, nullptr), &bytes);
    bytes_.reset(bytes);
    constexpr int kBuffer = 4096;
    const std::unique_ptr<AVIOContext, CloseIo> io(avio_alloc_context(
        static_cast<std::uint8_t*>(av_malloc(kBuffer)), kBuffer, 0, this, read, nullptr, seek));
    AVFormatContext* context = avformat_alloc_context();
    if (!io || context == nullptr)
      throw Error(ErrorCode::kOutOfMemory, "memory ran out while sound was read");
    context->pb = io.get();
    if (avformat_open_input(&context, nullptr, nullptr, nullptr) < 0) return false;  // Frees the context
    const InputPtr input(context);
    if (avformat_find_stream_info(context, nullptr) < 0 || context->nb_streams != 1) return false;
    const PacketPtr packet = make_packet();
    return can_begin(*context->streams[0]->codecpar) && av_read_frame(context, packet.get()) >= 0;
  }

 private:
  struct CloseMemory {
    void operator()(AVFormatContext* context) const {
      std::uint8_t* bytes = nullptr;
      if (context->pb != nullptr) avio_close_dyn_buf(std::exchange(context->pb, nullptr), &bytes);
      av_free(bytes);
      avformat_free_context(context);
    }
  };
  struct CloseIo {
    void operator()(AVIOContext* io) const {
      av_free(io->buffer);
      avio_context_free(&io);
    }
  };
  struct FreeBytes {
    void operator()(std::uint8_t* bytes) const { av_free(bytes); }
  };

  static int read(void* self, std::uint8_t* to, int count) {
    auto& file = *static_cast<MemoryFile*>(self);
    const auto some = static_cast<int>(std::min<std::int64_t>(count, file.size_ - file.at_));
    if (some <= 0) return AVERROR_EOF;
    std::memcpy(to, file.bytes_.get() + file.at_, static_cast<std::size_t>(some));
    file.at_ += some;
    return some;
  }
  static std::int64_t seek(void* self, std::int64_t offset, int whence) {
    auto& file = *static_cast<MemoryFile*>(self);
    if ((whence & AVSEEK_SIZE) != 0) return file.size_;
    const std::int64_t base = whence == SEEK_CUR ? file.at_ : whence == SEEK_END ? file.size_ : 0;
    if (base + offset < 0 || base + offset > file.size_) return AVERROR(EINVAL);
    return file.at_ = base + offset;
  }

  std::unique_ptr<AVFormatContext, CloseMemory> output_;
  std::unique_ptr<std::uint8_t, FreeBytes> bytes_;
  std::int64_t size_ = 0;
  std::int64_t at_ = 0;
};

/// FFmpeg's error where a file of `container` with the beginning of the sound cannot be written, or read
/// again: avformat_query_codec knows nothing of experimental codecs, of rates and layouts, nor of what
/// Matroska holds in the way of AVI; and some headers are written that nothing can read.
int try_sound(const std::string& path, const std::string& container) {
  // Some headers are written from what the first packets say.
  constexpr int kPackets = 32;
  MemoryFile file(container);
  JoinSpec spec;
  spec.sound = path;
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
  return packets == 0 || file.reads_back() ? 0 : AVERROR(EINVAL);
}

}  // namespace

std::optional<std::string> refused_sound(const std::string& path, const std::string& container) {
  silence();
  const int refused = try_sound(path, container);
  if (refused >= 0) return std::nullopt;
  return sound_dropped(path, container, refused);
}

std::string sound_dropped(const std::string& path, const std::string& container, int error) {
  const InputPtr input = open_input(path);
  const AVCodecID codec = input->streams[sound_stream(input.get())]->codecpar->codec_id;
  const std::string name = codec == AV_CODEC_ID_NONE ? "unknown" : avcodec_get_name(codec);
  // "Invalid argument" is what FFmpeg calls a codec that is not in a container's list.
  const std::string why = error == AVERROR(EINVAL) ? "" : " (" + text_of(error) + ")";
  std::string warning = "sound.dropped: " + container + " files do not take this " + name + " sound" + why;
  if (container != kKeepsMostSound && try_sound(path, std::string(kKeepsMostSound)) >= 0)
    warning += "; give -o a name that ends in .mkv to keep it";
  return warning;
}

}  // namespace da3::video::av
