// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include <video/av/handles.hpp>
#include <video/av/writer.hpp>

#include <da3/error.hpp>

namespace da3::video::av {
namespace {

struct CloseOutput {
  void operator()(AVFormatContext* context) const {
    if (context->pb != nullptr) avio_closep(&context->pb);
    avformat_free_context(context);
  }
};
using OutputPtr = std::unique_ptr<AVFormatContext, CloseOutput>;

constexpr const char* kColourEncoders[] = {"libx264",     "h264_videotoolbox", "h264_nvenc",
                                           "libopenh264", "libvpx-vp9",        "mpeg4"};
/// Added to every time within a segment, an hour: NUT moves a stream whose decoding times begin below 0.
std::int64_t segment_origin(AVRational time_base) {
  return av_rescale(3600, time_base.den, time_base.num);
}

constexpr const char* kPipeAdvice = "-o - -f y4m | ffmpeg -i - OUT lets another program encode";

[[noreturn]] void fail(const std::filesystem::path& file, int error) {
  const std::string what = error == AVERROR(ENOSPC) ? "the disk is full" : text_of(error);
  throw Error(ErrorCode::kOutputFailed, file.string() + ": it could not be written (" + what + ")");
}

OutputPtr make_output(const std::filesystem::path& file, const char* container) {
  AVFormatContext* context = nullptr;
  const int made = avformat_alloc_output_context2(&context, nullptr, container, file.c_str());
  if (made < 0)
    throw Error(ErrorCode::kEncoderUnavailable,
                std::string("this FFmpeg cannot write ") + container + " files");
  context->flags |= AVFMT_FLAG_BITEXACT;
  return OutputPtr(context);
}

void open_file(AVFormatContext* output, const std::filesystem::path& file) {
  const int opened = avio_open(&output->pb, ("file:" + file.string()).c_str(), AVIO_FLAG_WRITE);
  if (opened < 0) fail(file, opened);
}

/// 4:2:0 needs even sides: the last row or column is shown twice.
Size even(Size size) {
  return {size.height + size.height % 2, size.width + size.width % 2};
}

/// An opened encoder; none if it does not open here.
CodecPtr open_encoder(const StreamSpec& spec, const std::string& name) {
  const AVCodec* codec = avcodec_find_encoder_by_name(name.c_str());
  if (codec == nullptr) return nullptr;
  CodecPtr context(avcodec_alloc_context3(codec));
  if (!context) throw Error(ErrorCode::kOutOfMemory, "memory ran out while an encoder was opened");
  const Size size = spec.grey16 ? spec.size : even(spec.size);
  context->width = size.width;
  context->height = size.height;
  context->time_base = {static_cast<int>(spec.time_base.num), static_cast<int>(spec.time_base.den)};
  context->framerate = av_d2q(spec.frames_per_s, 100000);
  context->sample_aspect_ratio = {1, 1};
  context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
  // One thread: with more, some encoders divide the picture otherwise, and a run that went on would differ.
  context->thread_count = 1;
  AVDictionary* options = nullptr;
  if (spec.grey16) {
    context->pix_fmt = AV_PIX_FMT_GRAY16LE;
    context->gop_size = 1;
    context->level = 3;
    context->slices = 4;
    av_dict_set(&options, "slicecrc", "1", 0);
  } else {
    context->pix_fmt = AV_PIX_FMT_YUV420P;
    context->colorspace = AVCOL_SPC_BT709;
    context->color_primaries = AVCOL_PRI_BT709;
    context->color_trc = AVCOL_TRC_BT709;
    context->color_range = AVCOL_RANGE_MPEG;
    context->gop_size = std::max(1, static_cast<int>(std::lround(spec.key_interval_s * spec.frames_per_s)));
    const std::string crf = std::to_string(spec.crf);
    if (name == "libx264") {
      context->max_b_frames = 2;
      av_dict_set(&options, "preset", "fast", 0);
      // x264's assembly for macroblock trees reads memory that nothing wrote: equal frames gave other bytes
      // each time.
      av_dict_set(&options, "x264-params", "mbtree=0", 0);
      av_dict_set(&options, "crf", crf.c_str(), 0);
    } else if (name == "libvpx-vp9") {
      av_dict_set(&options, "crf", crf.c_str(), 0);
      av_dict_set(&options, "b", "0", 0);
      av_dict_set(&options, "cpu-used", "5", 0);
      av_dict_set(&options, "deadline", "realtime", 0);
      av_dict_set(&options, "lag-in-frames", "0", 0);
    } else {
      // A constant quantiser stands for CRF where there is none: 2 is the best of 31.
      context->flags |= AV_CODEC_FLAG_QSCALE;
      context->global_quality = FF_QP2LAMBDA * std::clamp(spec.crf / 5, 1, 31);
    }
  }
  const int opened = avcodec_open2(context.get(), codec, &options);
  av_dict_free(&options);
  return opened < 0 ? nullptr : std::move(context);
}

bool takes(const std::string& container, AVCodecID codec) {
  const AVOutputFormat* format = av_guess_format(container.c_str(), nullptr, nullptr);
  return format != nullptr && avformat_query_codec(format, codec, FF_COMPLIANCE_NORMAL) == 1;
}

class Segment final : public SegmentWriter {
 public:
  Segment(std::filesystem::path file, const StreamSpec& spec)
      : file_(std::move(file)),
        spec_(spec),
        encoder_(open_encoder(spec, spec.encoder)),
        packet_(make_packet()) {
    if (!encoder_)
      throw Error(ErrorCode::kEncoderUnavailable, "the encoder " + spec.encoder + " cannot be opened");
    output_ = make_output(file_, "nut");
    AVStream* stream = avformat_new_stream(output_.get(), nullptr);
    if (stream == nullptr) throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was written");
    avcodec_parameters_from_context(stream->codecpar, encoder_.get());
    stream->codecpar->codec_tag = 0;
    stream->time_base = encoder_->time_base;
    open_file(output_.get(), file_);
    const int begun = avformat_write_header(output_.get(), nullptr);
    if (begun < 0) fail(file_, begun);
    frame_ = make_frame();
    frame_->format = encoder_->pix_fmt;
    frame_->width = encoder_->width;
    frame_->height = encoder_->height;
    frame_->colorspace = encoder_->colorspace;
    frame_->color_range = encoder_->color_range;
    frame_->color_primaries = encoder_->color_primaries;
    frame_->color_trc = encoder_->color_trc;
    if (av_frame_get_buffer(frame_.get(), 0) < 0)
      throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was written");
  }

  void write(std::int64_t pts, const Image& picture, bool key) override {
    if (av_frame_make_writable(frame_.get()) < 0)
      throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was written");
    constexpr int kFlags =
        SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT;
    const Size size = even(picture.size);
    scaler_.reset(sws_getCachedContext(
        scaler_.release(), size.width, size.height, AV_PIX_FMT_RGB24, frame_->width, frame_->height,
        AV_PIX_FMT_YUV420P,
        size == Size{frame_->height, frame_->width} ? kFlags : SWS_BILINEAR | SWS_BITEXACT, nullptr, nullptr,
        nullptr));
    if (!scaler_) throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was written");
    const int* coefficients = sws_getCoefficients(SWS_CS_ITU709);
    sws_setColorspaceDetails(scaler_.get(), coefficients, 1, coefficients, 0, 0, 1 << 16, 1 << 16);
    const Image* source = &picture;
    if (size != picture.size) {
      pad(picture, size);
      source = &padded_;
    }
    const std::uint8_t* const planes[4] = {source->rgb.data(), nullptr, nullptr, nullptr};
    const int strides[4] = {size.width * 3, 0, 0, 0};
    sws_scale(scaler_.get(), planes, strides, 0, size.height, frame_->data, frame_->linesize);
    send(pts, key);
  }

  void write(std::int64_t pts, Size size, const std::vector<std::uint16_t>& grey) override {
    if (av_frame_make_writable(frame_.get()) < 0)
      throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was written");
    for (int y = 0; y < frame_->height; ++y) {
      std::uint8_t* row = frame_->data[0] + static_cast<std::ptrdiff_t>(y) * frame_->linesize[0];
      for (int x = 0; x < frame_->width; ++x) {
        // Frames of another size are taken at the nearest pixel: codes cannot be interpolated.
        const auto from_y = static_cast<std::size_t>(std::int64_t{y} * size.height / frame_->height);
        const auto from_x = static_cast<std::size_t>(std::int64_t{x} * size.width / frame_->width);
        const std::uint16_t value = grey[from_y * static_cast<std::size_t>(size.width) + from_x];
        row[2 * x] = static_cast<std::uint8_t>(value);
        row[2 * x + 1] = static_cast<std::uint8_t>(value >> 8U);
      }
    }
    send(pts, true);
  }

  void finish() override {
    avcodec_send_frame(encoder_.get(), nullptr);
    take_packets();
    const int ended = av_write_trailer(output_.get());
    if (ended < 0) fail(file_, ended);
    const int closed = avio_closep(&output_->pb);
    if (closed < 0) fail(file_, closed);
  }

 private:
  void pad(const Image& picture, Size size) {
    padded_.size = size;
    padded_.rgb.resize(size.area() * 3);
    for (int y = 0; y < size.height; ++y) {
      const std::uint8_t* from =
          picture.rgb.data() + static_cast<std::size_t>(std::min(y, picture.size.height - 1)) *
                                   static_cast<std::size_t>(picture.size.width) * 3;
      std::uint8_t* to =
          padded_.rgb.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) * 3;
      const std::size_t row_bytes = static_cast<std::size_t>(picture.size.width) * 3;
      std::memcpy(to, from, row_bytes);
      if (size.width > picture.size.width) std::memcpy(to + row_bytes, from + row_bytes - 3, 3);
    }
  }

  void send(std::int64_t pts, bool key) {
    frame_->pts = pts + segment_origin(encoder_->time_base);
    frame_->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    frame_->quality = encoder_->global_quality;
    const int sent = avcodec_send_frame(encoder_.get(), frame_.get());
    if (sent < 0)
      throw Error(ErrorCode::kInternal,
                  "the encoder " + spec_.encoder + " refused a frame (" + text_of(sent) + ")");
    take_packets();
  }

  void take_packets() {
    while (avcodec_receive_packet(encoder_.get(), packet_.get()) == 0) {
      packet_->stream_index = 0;
      av_packet_rescale_ts(packet_.get(), encoder_->time_base, output_->streams[0]->time_base);
      const int written = av_interleaved_write_frame(output_.get(), packet_.get());
      if (written < 0) fail(file_, written);
    }
    if (output_->pb->error < 0) fail(file_, output_->pb->error);
  }

  std::filesystem::path file_;
  StreamSpec spec_;
  CodecPtr encoder_;
  PacketPtr packet_;
  OutputPtr output_;
  FramePtr frame_;
  ScalerPtr scaler_;
  Image padded_;
};

}  // namespace

std::string choose_encoder(const StreamSpec& spec, const std::string& container) {
  silence();
  std::vector<std::string> names;
  if (spec.grey16) {
    names = {"ffv1"};
  } else if (!spec.encoder.empty()) {
    names = {spec.encoder};
  } else {
    names.assign(std::begin(kColourEncoders), std::end(kColourEncoders));
  }
  std::string tried;
  for (const std::string& name : names) {
    const CodecPtr opened = open_encoder(spec, name);
    if (opened && takes(container, opened->codec_id)) return name;
    tried += (tried.empty() ? "" : ", ") + name;
  }
  throw Error(ErrorCode::kEncoderUnavailable,
              "no encoder for " + container + " can be opened (tried: " + tried +
                  "); choose one with --encoder, another container, or a pipe: " + kPipeAdvice);
}

std::unique_ptr<SegmentWriter> open_segment(const std::filesystem::path& file, const StreamSpec& spec) {
  silence();
  return std::make_unique<Segment>(file, spec);
}

namespace {

InputPtr open_segment_file(const std::filesystem::path& file) {
  AVFormatContext* context = nullptr;
  const AVInputFormat* nut = av_find_input_format("nut");
  // FFmpeg 4.4 wants it without const.
  const int opened = avformat_open_input(&context, ("file:" + file.string()).c_str(),
                                         const_cast<decltype(context->iformat)>(nut), nullptr);
  if (opened < 0)
    throw Error(ErrorCode::kInternal,
                file.string() + ": a segment cannot be read back (" + text_of(opened) + ")");
  InputPtr input(context);
  if (input->nb_streams == 0 && avformat_find_stream_info(input.get(), nullptr) < 0) {
    throw Error(ErrorCode::kInternal, file.string() + ": a segment has no stream");
  }
  return input;
}

/// The time of a frame as it was given to the segment. NUT counts in a multiple of its time base.
std::int64_t time_in_segment(const AVPacket& packet, const AVFormatContext& segment, AVRational time_base) {
  return av_rescale_q(packet.pts, segment.streams[0]->time_base, time_base) - segment_origin(time_base);
}

/// All presentation times of the segments, in order of time.
std::vector<std::int64_t> times_of(const std::vector<std::filesystem::path>& segments, AVRational time_base,
                                   AVPacket* packet) {
  std::vector<std::int64_t> times;
  for (const std::filesystem::path& file : segments) {
    const InputPtr input = open_segment_file(file);
    while (av_read_frame(input.get(), packet) >= 0) {
      times.push_back(time_in_segment(*packet, *input, time_base));
      av_packet_unref(packet);
    }
  }
  std::sort(times.begin(), times.end());
  return times;
}

/// Sound that is copied: packets of one stream between two times.
class Sound {
 public:
  Sound(const JoinSpec& spec, AVFormatContext* output, std::vector<std::string>& warnings)
      : end_s_(spec.sound_end_s), start_s_(spec.sound_start_s) {
    input_ = open_input(*spec.sound);
    index_ = av_find_best_stream(input_.get(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
    if (index_ < 0) return;
    const AVStream* from = input_->streams[index_];
    if (!takes_codec(output, from->codecpar->codec_id)) {
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

  bool present() const { return index_ >= 0; }

  /// The next packet in range, moved by `shift_s`, with times of the output's stream; null at the end.
  AVPacket* peek(double shift_s) {
    if (!present() || ended_) return nullptr;
    if (packet_->data != nullptr) return packet_.get();
    const AVStream* from = input_->streams[index_];
    while (av_read_frame(input_.get(), packet_.get()) >= 0) {
      const double seconds = static_cast<double>(packet_->pts) * av_q2d(from->time_base);
      if (packet_->stream_index == index_ && packet_->pts != AV_NOPTS_VALUE && seconds >= start_s_ - 1e-9) {
        if (end_s_ && seconds >= *end_s_) break;
        av_packet_rescale_ts(packet_.get(), from->time_base, stream_->time_base);
        const auto shift = static_cast<std::int64_t>(std::llround(shift_s / av_q2d(stream_->time_base)));
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

  double seconds(const AVPacket* packet) const {
    return static_cast<double>(packet->dts) * av_q2d(stream_->time_base);
  }

 private:
  static bool takes_codec(const AVFormatContext* output, AVCodecID codec) {
    return avformat_query_codec(output->oformat, codec, FF_COMPLIANCE_NORMAL) == 1;
  }

  InputPtr input_;
  PacketPtr packet_;
  AVStream* stream_ = nullptr;
  int index_ = -1;
  bool ended_ = false;
  std::optional<double> end_s_;
  double start_s_;
};

}  // namespace

std::vector<std::string> join_segments(const JoinSpec& spec) {
  silence();
  std::vector<std::string> warnings;
  const PacketPtr packet = make_packet();
  const AVRational time_base{static_cast<int>(spec.time_base.num), static_cast<int>(spec.time_base.den)};
  const std::vector<std::int64_t> times = times_of(spec.segments, time_base, packet.get());
  if (times.empty()) throw Error(ErrorCode::kInternal, spec.target.string() + ": no frame was encoded");
  OutputPtr output = make_output(spec.target, spec.container.c_str());
  AVStream* stream = avformat_new_stream(output.get(), nullptr);
  {
    const InputPtr first = open_segment_file(spec.segments.front());
    avcodec_parameters_copy(stream->codecpar, first->streams[0]->codecpar);
  }
  stream->codecpar->codec_tag = 0;
  stream->time_base = time_base;
  for (const auto& [key, value] : spec.tags) av_dict_set(&output->metadata, key.c_str(), value.c_str(), 0);
  std::unique_ptr<Sound> sound;
  if (spec.sound) {
    sound = std::make_unique<Sound>(spec, output.get(), warnings);
    if (!sound->present()) sound.reset();
  }
  // Sound keeps the two together at their own times; without it the first frame is at 0.
  const std::int64_t shift = spec.shift;
  const double shift_s = static_cast<double>(shift) * av_q2d(time_base);
  open_file(output.get(), spec.target);
  AVDictionary* options = nullptr;
  if (spec.container == "mp4" || spec.container == "mov")
    av_dict_set(&options, "movflags", "+faststart+use_metadata_tags", 0);
  const int begun = avformat_write_header(output.get(), &options);
  av_dict_free(&options);
  if (begun < 0) fail(spec.target, begun);
  const auto write = [&](AVPacket* each) {
    const int written = av_interleaved_write_frame(output.get(), each);
    if (written < 0) fail(spec.target, written);
  };
  // Decoding order: packet k is decoded when the frame `delay` places before it in time is shown, which holds
  // across segments; the encoders' own times would go back at each seam.
  constexpr std::size_t kDelay = 2;
  const std::int64_t tick = times.size() > 1
                                ? std::max<std::int64_t>(1, (times.back() - times.front()) /
                                                                static_cast<std::int64_t>(times.size() - 1))
                                : 1;
  const bool reordered = stream->codecpar->video_delay > 0;
  std::size_t index = 0;
  for (const std::filesystem::path& file : spec.segments) {
    const InputPtr input = open_segment_file(file);
    while (av_read_frame(input.get(), packet.get()) >= 0) {
      const std::int64_t pts = time_in_segment(*packet, *input, time_base);
      std::int64_t dts = pts;
      if (reordered) {
        dts = index >= kDelay ? times[index - kDelay]
                              : times.front() - static_cast<std::int64_t>(kDelay - index) * tick;
      }
      packet->pts = pts - shift;
      packet->dts = std::min(dts, pts) - shift;
      const auto next = std::upper_bound(times.begin(), times.end(), pts);
      packet->duration = next != times.end() ? *next - pts : tick;
      packet->stream_index = stream->index;
      packet->pos = -1;
      const double seconds = static_cast<double>(packet->dts) * av_q2d(time_base);
      if (sound) {
        for (AVPacket* each = sound->peek(shift_s); each != nullptr && sound->seconds(each) <= seconds;
             each = sound->peek(shift_s)) {
          write(each);
        }
      }
      av_packet_rescale_ts(packet.get(), time_base, stream->time_base);
      write(packet.get());
      ++index;
    }
  }
  if (sound) {
    for (AVPacket* each = sound->peek(shift_s); each != nullptr; each = sound->peek(shift_s)) write(each);
  }
  const int ended = av_write_trailer(output.get());
  if (ended < 0) fail(spec.target, ended);
  const int closed = avio_closep(&output->pb);
  if (closed < 0) fail(spec.target, closed);
  return warnings;
}

}  // namespace da3::video::av
