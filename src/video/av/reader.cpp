// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <utility>

#include <video/av/convert.hpp>
#include <video/av/file_end.hpp>
#include <video/av/reader.hpp>
#include <video/av/refused_packets.hpp>
#include <video/colour.hpp>

#include <image/orientation.hpp>

namespace da3::video::av {
namespace {

/// A decoded frame before its pixels are converted.
struct Raw {
  FramePtr frame;  ///< None for a damaged one
  std::int64_t pts = 0;
  std::string error;
};

bool is_whole(const Raw& raw) {
  return raw.frame != nullptr;
}

class Reader final : public VideoReader {
 public:
  Reader(std::string path, const ReadOptions& options)
      : path_(std::move(path)),
        options_(options),
        input_(open_input(path_)),
        converter_(options),
        packet_(make_packet()) {
    stream_index_ = video_stream(input_.get(), path_, options.stream);
    stream_ = input_->streams[stream_index_];
    for (unsigned index = 0; index < input_->nb_streams; ++index) {
      const bool sound = input_->streams[index]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
      if (static_cast<int>(index) != stream_index_ && !sound) input_->streams[index]->discard = AVDISCARD_ALL;
    }
    file_end_.emplace(*input_, *stream_);
    open_decoder();
    fill_facts();
  }

  const VideoFacts& facts() const override { return facts_; }

  std::optional<Frame> next(Want want) override {
    std::optional<Raw> raw = next_raw();
    if (!raw) return std::nullopt;
    Frame frame;
    frame.number = count_++;
    frame.pts = raw->pts;
    if (raw->error.empty()) {
      if (want == Want::kTimeOnly) {
        frame.picture.size = upright_size(*raw->frame);
        return frame;
      }
      try {
        frame.picture =
            converter_.convert(*raw->frame, turn_of(*raw->frame, *stream_), aspect_of(*raw->frame));
        return frame;
      } catch (const Error& error) {
        raw->error = error.what();
      }
    }
    frame.error = Error(ErrorCode::kVideoDamaged, path_ + ": frame " + std::to_string(frame.number) +
                                                      " is damaged (" + raw->error + ")");
    return frame;
  }

  std::optional<std::int64_t> next_pts() override {
    while (ready_.empty() && !ended_) decode();
    return !ready_.empty() && is_whole(ready_.front()) ? std::optional(ready_.front().pts) : std::nullopt;
  }

  bool seek_near(std::int64_t pts) override {
    if (!facts_.seekable || !go_before(pts)) return false;
    count_ = 0;
    while (std::optional<Raw> raw = next_raw()) {
      if (raw->pts < pts) continue;
      ready_.push_front(std::move(*raw));
      break;
    }
    return true;
  }

  bool seek(std::int64_t number, std::int64_t pts) override {
    if (!facts_.seekable) return false;
    // A container without an index, or pictures that need others before their key frame, may put us too late.
    for (const double earlier_s : {0.0, 2.0, 10.0, 60.0}) {
      if (!go_before(pts - static_cast<std::int64_t>(earlier_s / av_q2d(stream_->time_base)))) continue;
      while (std::optional<Raw> raw = next_raw()) {
        if (raw->pts < pts) continue;
        if (raw->pts != pts || !is_whole(*raw)) break;
        ready_.push_front(std::move(*raw));
        count_ = number;
        return true;
      }
    }
    return false;
  }

  std::vector<FrameTime> times(double seconds) const override {
    // Packets are not frames: fields in packets of their own, and pictures of VP8 that are never shown.
    const bool countable =
        facts_.seekable && first_pts_ && !facts_.interlaced && stream_->codecpar->codec_id != AV_CODEC_ID_VP8;
    if (!countable) return {};
    const InputPtr input = open_input(path_);
    for (unsigned index = 0; index < input->nb_streams; ++index) {
      if (static_cast<int>(index) != stream_index_) input->streams[index]->discard = AVDISCARD_ALL;
    }
    const PacketPtr packet = make_packet();
    const double last = static_cast<double>(*first_pts_) + seconds / av_q2d(stream_->time_base);
    std::vector<FrameTime> found;
    while (av_read_frame(input.get(), packet.get()) >= 0) {
      const std::int64_t pts = packet->pts;
      const std::int64_t dts = packet->dts;
      const bool shown = packet->stream_index == stream_index_ && (packet->flags & AV_PKT_FLAG_DISCARD) == 0;
      const bool key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
      av_packet_unref(packet.get());
      if (!shown) continue;
      if (pts == AV_NOPTS_VALUE) return {};
      // Frames come at or after the time of their decoding.
      if (dts != AV_NOPTS_VALUE && static_cast<double>(dts) > last) break;
      if (pts >= *first_pts_ && static_cast<double>(pts) <= last) found.push_back({pts, key});
    }
    std::ranges::sort(found, {}, &FrameTime::pts);
    const bool unique = std::ranges::adjacent_find(found, {}, &FrameTime::pts) == found.end();
    if (found.empty() || found.front().pts != *first_pts_ || !unique) return {};
    return found;
  }

  std::optional<Error> verdict() const override { return verdict_; }
  std::int64_t times_repaired() const override { return times_repaired_; }

 private:
  void open_decoder() {
    const AVCodecParameters* parameters = stream_->codecpar;
    const AVCodec* codec = avcodec_find_decoder(parameters->codec_id);
    const std::string name = avcodec_get_name(parameters->codec_id);
    if (codec == nullptr) {
      throw Error(
          ErrorCode::kVideoUnsupported,
          path_ + ": this FFmpeg has no decoder for " + name +
              "; install one that has, or pipe the frames in: ffmpeg -i IN -f yuv4mpegpipe - | da3 video -");
    }
    decoder_.reset(avcodec_alloc_context3(codec));
    if (!decoder_) throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was opened");
    check_size({parameters->height, parameters->width});
    avcodec_parameters_to_context(decoder_.get(), parameters);
    decoder_->pkt_timebase = stream_->time_base;
    decoder_->thread_count = std::max(1, options_.threads);
    decoder_->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM;
    // Damaged frames are counted, so they have to come out.
    decoder_->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
    decoder_->max_pixels = static_cast<std::int64_t>(options_.max_pixels);
    const int opened = avcodec_open2(decoder_.get(), codec, nullptr);
    if (opened < 0) {
      throw Error(ErrorCode::kVideoUnsupported,
                  path_ + ": the decoder of " + name + " cannot be opened (" + text_of(opened) + ")");
    }
  }

  void check_size(Size size) const {
    if (size.height > 0 && size.width > 0 && size.area() > options_.max_pixels) {
      throw Error(ErrorCode::kImageTooLarge, path_ + ": frames of " + std::to_string(size.width) + "x" +
                                                 std::to_string(size.height) +
                                                 " pixels; raise the limit (--max-pixels)");
    }
  }

  void fill_facts() {
    const AVRational rate = av_guess_frame_rate(input_.get(), stream_, nullptr);
    if (rate.num > 0 && rate.den > 0) {
      frame_duration_ = AVRational{rate.den, rate.num};
      facts_.frames_per_s = av_q2d(rate);
    }
    facts_.time_base = {stream_->time_base.num, stream_->time_base.den};
    facts_.codec = avcodec_get_name(stream_->codecpar->codec_id);
    facts_.container = input_->iformat->name;
    facts_.seekable = input_->pb != nullptr && (input_->pb->seekable & AVIO_SEEKABLE_NORMAL) != 0;
    facts_.has_sound =
        av_find_best_stream(input_.get(), AVMEDIA_TYPE_AUDIO, -1, stream_index_, nullptr, 0) >= 0;
    facts_.declared_seconds = file_end_->declared_seconds();
    // Codecs keep what the container leaves out in their first frame.
    while (std::ranges::none_of(ready_, is_whole) && !ended_) decode();
    const auto first = std::ranges::find_if(ready_, is_whole);
    if (first == ready_.end()) {
      facts_.shown = {stream_->codecpar->height, stream_->codecpar->width};
    } else {
      const AVFrame& frame = *first->frame;
      const Turn turn = turn_of(frame, *stream_);
      const Matrix matrix = matrix_of(frame);
      const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
      facts_.sample_aspect = aspect_of(frame);
      facts_.shown = upright_size(frame);
      facts_.turn_degrees = turn.degrees;
      facts_.mirrored = turn.mirrored;
      facts_.matrix = matrix.name;
      facts_.matrix_assumed = matrix.assumed;
      facts_.full_range = is_full_range(frame) || matrix.name == "rgb";
      facts_.bits = format != nullptr ? format->comp[0].depth : 8;
      const char* transfer = av_color_transfer_name(frame.color_trc);
      facts_.transfer = transfer != nullptr ? transfer : "unknown";
#ifdef AV_FRAME_FLAG_INTERLACED
      facts_.interlaced = (frame.flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
      facts_.interlaced = frame.interlaced_frame != 0;
#endif
    }
    if (first != ready_.end() && first == ready_.begin()) first_pts_ = first->pts;
  }

  Ratio aspect_of(const AVFrame& frame) const {
    const AVRational aspect =
        av_guess_sample_aspect_ratio(input_.get(), stream_, const_cast<AVFrame*>(&frame));
    return aspect.num > 0 && aspect.den > 0 ? Ratio{aspect.num, aspect.den} : Ratio{1, 1};
  }

  /// Of its picture.
  Size upright_size(const AVFrame& frame) {
    return image::upright_size(square_size({frame.height, frame.width}, aspect_of(frame)),
                               turn_of(frame, *stream_).orientation);
  }

  /// Puts the decoder on a key frame at or before `pts`.
  bool go_before(std::int64_t pts) {
    if (avformat_seek_file(input_.get(), stream_index_, std::numeric_limits<std::int64_t>::min(), pts, pts,
                           0) < 0)
      return false;
    avcodec_flush_buffers(decoder_.get());
    ready_.clear();
    refused_ = {};
    draining_ = ended_ = false;
    last_pts_.reset();
    // Without an index we may be within a picture, so the first packet is not believed.
    const std::string container = input_->iformat->name;
    const bool within = first_pts_ && pts > *first_pts_;
    skip_first_ = within && (container == "mpegts" || container == "mpeg");
    await_key_ = true;
    return true;
  }

  std::optional<Raw> next_raw() {
    while (ready_.empty() && !ended_) decode();
    if (ready_.empty()) return std::nullopt;
    Raw raw = std::move(ready_.front());
    ready_.pop_front();
    return raw;
  }

  /// One step towards more of `ready_` or the end.
  void decode() {
    FramePtr frame = make_frame();
    const int got = avcodec_receive_frame(decoder_.get(), frame.get());
    if (got == 0) {
      accept(std::move(frame));
    } else if (got == AVERROR_EOF) {
      finish();
    } else if (got == AVERROR(EAGAIN)) {
      feed();
    } else {
      refuse(got);
    }
  }

  /// Gives the decoder a packet, or tells it that there are no more.
  void feed() {
    for (;;) {
      const int read = av_read_frame(input_.get(), packet_.get());
      if (read < 0) {
        file_end_->ended(read);
        return std::exchange(draining_, true) ? finish() : send(nullptr);
      }
      file_end_->read(*packet_, *input_->streams[packet_->stream_index]);
      if (packet_->stream_index == stream_index_ && !skip_after_seek(*packet_)) break;
      av_packet_unref(packet_.get());
    }
    if ((packet_->flags & AV_PKT_FLAG_DISCARD) == 0)
      refused_.sent(time_of(packet_->pts != AV_NOPTS_VALUE ? packet_->pts : packet_->dts));
    send(packet_.get());
    av_packet_unref(packet_.get());
  }

  void send(const AVPacket* packet) {
    const int sent = avcodec_send_packet(decoder_.get(), packet);
    if (sent < 0 && sent != AVERROR(EAGAIN) && sent != AVERROR_EOF) refuse(sent);
  }

  void refuse(int error) {
    if (error == AVERROR(ENOMEM))
      throw Error(ErrorCode::kOutOfMemory, path_ + ": memory ran out while it was decoded");
    refused_.refused(text_of(error));
  }

  /// Pictures before a key frame need others that were not read.
  bool skip_after_seek(const AVPacket& packet) {
    if (!await_key_) return false;
    const bool key = (packet.flags & AV_PKT_FLAG_KEY) != 0 && !std::exchange(skip_first_, false);
    await_key_ = !key;
    return await_key_;
  }

  static std::optional<std::int64_t> time_of(std::int64_t pts) {
    return pts == AV_NOPTS_VALUE ? std::nullopt : std::optional(pts);
  }

  void accept(FramePtr frame) {
    for (const Refused& refused : refused_.before(time_of(frame->best_effort_timestamp))) add(refused);
    Raw raw;
    raw.pts = repaired(frame->best_effort_timestamp);
    if ((frame->flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame->decode_error_flags != 0) {
      raw.error = "the decoder found errors in it";
    } else if (file_end_->is_within(*frame)) {
      // Not every decoder notices.
      raw.error = "the file ends within it";
    } else {
      raw.frame = std::move(frame);
    }
    ready_.push_back(std::move(raw));
  }

  void add(const Refused& refused) {
    const std::int64_t pts = refused.time.value_or(AV_NOPTS_VALUE);
    ready_.push_back(
        {nullptr, repaired(last_pts_ && pts <= *last_pts_ ? AV_NOPTS_VALUE : pts), refused.error});
  }

  /// Times grow by at least a tick; a frame without a time follows the one before at the frame rate.
  std::int64_t repaired(std::int64_t pts) {
    if (pts == AV_NOPTS_VALUE) {
      pts = last_pts_
                ? *last_pts_ + std::max<std::int64_t>(1, av_rescale_q(1, frame_duration_, stream_->time_base))
                : 0;
    } else if (last_pts_ && pts <= *last_pts_) {
      pts = *last_pts_ + 1;
      ++times_repaired_;
    }
    last_pts_ = pts;
    return pts;
  }

  void finish() {
    for (const Refused& refused : refused_.rest()) add(refused);
    ended_ = true;
    if (verdict_) return;
    const double frame_s = av_q2d(frame_duration_);
    const double last_s =
        last_pts_ ? static_cast<double>(*last_pts_) * av_q2d(stream_->time_base) + frame_s : 0;
    if (const auto missing = file_end_->missing(last_s, frame_s)) {
      verdict_ = Error(ErrorCode::kVideoTruncated,
                       path_ + ": the video is cut short (" + *missing +
                           "); the frames that are there are used, copy the file again for the rest");
    }
  }

  std::string path_;
  ReadOptions options_;
  InputPtr input_;
  Converter converter_;
  PacketPtr packet_;
  CodecPtr decoder_;
  AVStream* stream_ = nullptr;
  int stream_index_ = -1;
  AVRational frame_duration_{1, 25};
  VideoFacts facts_;
  std::deque<Raw> ready_;  ///< Frames that come next
  RefusedPackets refused_;
  std::int64_t count_ = 0;
  std::optional<std::int64_t> first_pts_;  ///< Of the first frame, if it is whole
  std::optional<std::int64_t> last_pts_;
  std::int64_t times_repaired_ = 0;
  bool draining_ = false;
  bool await_key_ = false;   ///< After a seek, until a key frame
  bool skip_first_ = false;  ///< After a seek, the first packet
  bool ended_ = false;
  std::optional<FileEnd> file_end_;
  std::optional<Error> verdict_;
};

}  // namespace

std::unique_ptr<VideoReader> open_reader(const std::string& path, const ReadOptions& options) {
  return std::make_unique<Reader>(path, options);
}

}  // namespace da3::video::av
