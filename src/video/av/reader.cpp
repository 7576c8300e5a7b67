// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <video/av/convert.hpp>
#include <video/av/reader.hpp>
#include <video/colour.hpp>

#include <image/orientation.hpp>

namespace da3::video::av {
namespace {

/// The display matrix that the container names for a stream, or null.
const std::int32_t* stream_matrix(const AVStream* stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 30, 101)
  const AVPacketSideData* data = av_packet_side_data_get(
      stream->codecpar->coded_side_data, stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  return data != nullptr && data->size >= 36 ? reinterpret_cast<const std::int32_t*>(data->data) : nullptr;
#else
  return reinterpret_cast<const std::int32_t*>(
      av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr));
#endif
}

const std::int32_t* frame_matrix(const AVFrame& frame) {
  const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX);
  return data != nullptr && data->size >= 36 ? reinterpret_cast<const std::int32_t*>(data->data) : nullptr;
}

/// A decoded frame before its pixels are converted.
struct Raw {
  FramePtr frame;  ///< None for a damaged one
  std::int64_t pts = 0;
  std::string error;
};

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
        frame.picture = converter_.convert(*raw->frame, turn_for(*raw->frame), aspect_of(*raw->frame));
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
    if (!damaged_first_.empty()) return std::nullopt;
    if (!pending_) pending_ = next_raw();
    return pending_ && pending_->frame ? std::optional(pending_->pts) : std::nullopt;
  }

  bool seek_near(std::int64_t pts) override {
    if (!facts_.seekable || !go_before(pts)) return false;
    count_ = 0;
    while (std::optional<Raw> raw = next_raw()) {
      if (raw->pts < pts) continue;
      pending_ = std::move(raw);
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
        if (raw->pts != pts || !raw->frame) break;
        pending_ = std::move(raw);
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
    find_declared_length();
    // Codecs keep what the container leaves out in their first frame. What is damaged before it is kept apart
    // until then, for next_raw gives what is in pending_ and damaged_first_ again.
    std::vector<Raw> damaged;
    std::optional<Raw> raw = next_raw();
    for (; raw && !raw->frame; raw = next_raw()) damaged.push_back(std::move(*raw));
    pending_ = std::move(raw);
    if (!pending_) {
      facts_.shown = {stream_->codecpar->height, stream_->codecpar->width};
    } else {
      const AVFrame& frame = *pending_->frame;
      const Turn turn = turn_for(frame);
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
    if (pending_ && damaged.empty()) first_pts_ = pending_->pts;
    damaged_first_ = std::move(damaged);
    std::reverse(damaged_first_.begin(), damaged_first_.end());
  }

  /// What the container claims, unless it is a guess or known to lie (AVI counts frames that are not there).
  void find_declared_length() {
    const std::string name = input_->iformat->name;
    // The flag of a corrupt packet then says that the file ended within it; in MPEG-TS it may say anything.
    lengths_in_front_ = name.starts_with("mov");
    for (const char* container : {"avi", "flv", "asf", "ivf", "nut"}) lengths_in_front_ |= name == container;
    if (name == "avi" || input_->duration_estimation_method != AVFMT_DURATION_FROM_STREAM) return;
    const std::int64_t stream_start = stream_->start_time == AV_NOPTS_VALUE ? 0 : stream_->start_time;
    if (stream_->duration != AV_NOPTS_VALUE && stream_->duration > 0) {
      declared_end_s_ = seconds_of(stream_start + stream_->duration);
      facts_.declared_seconds = seconds_of(stream_->duration);
    } else if (input_->duration != AV_NOPTS_VALUE && input_->duration > 0) {
      declared_end_s_ = static_cast<double>(input_->duration) / AV_TIME_BASE;
      facts_.declared_seconds = declared_end_s_;
      any_stream_ends_it_ = true;
    }
  }

  double seconds_of(std::int64_t pts) const { return static_cast<double>(pts) * av_q2d(stream_->time_base); }

  Turn turn_for(const AVFrame& frame) {
    const std::int32_t* matrix = frame_matrix(frame);
    if (matrix == nullptr) matrix = stream_matrix(stream_);
    return matrix == nullptr ? Turn{} : turn_of(matrix);
  }

  Ratio aspect_of(const AVFrame& frame) const {
    const AVRational aspect =
        av_guess_sample_aspect_ratio(input_.get(), stream_, const_cast<AVFrame*>(&frame));
    return aspect.num > 0 && aspect.den > 0 ? Ratio{aspect.num, aspect.den} : Ratio{1, 1};
  }

  /// Of its picture.
  Size upright_size(const AVFrame& frame) {
    return image::upright_size(square_size({frame.height, frame.width}, aspect_of(frame)),
                               turn_for(frame).orientation);
  }

  /// Puts the decoder on a key frame at or before `pts`.
  bool go_before(std::int64_t pts) {
    if (avformat_seek_file(input_.get(), stream_index_, std::numeric_limits<std::int64_t>::min(), pts, pts,
                           0) < 0)
      return false;
    avcodec_flush_buffers(decoder_.get());
    pending_.reset();
    damaged_first_.clear();
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
    if (!damaged_first_.empty() && (pending_ || ended_)) {
      Raw raw = std::move(damaged_first_.back());
      damaged_first_.pop_back();
      return raw;
    }
    if (pending_) return std::exchange(pending_, std::nullopt);
    while (!ended_) {
      FramePtr frame = make_frame();
      const int got = avcodec_receive_frame(decoder_.get(), frame.get());
      if (got == 0) return accept(std::move(frame));
      if (got == AVERROR_EOF) {
        finish();
      } else if (got == AVERROR(EAGAIN)) {
        if (auto damaged = feed()) return damaged;
      } else {
        return Raw{nullptr, repaired(AV_NOPTS_VALUE), text_of(got)};
      }
    }
    return std::nullopt;
  }

  /// Gives the decoder a packet. Returns a damaged frame if it refuses one.
  std::optional<Raw> feed() {
    for (;;) {
      const int read = av_read_frame(input_.get(), packet_.get());
      if (read < 0) {
        if (read == AVERROR_EOF && last_packet_corrupt_ && !truncated_)
          truncated_ = "its last packet is not whole";
        if (read != AVERROR_EOF && !truncated_) truncated_ = "reading ended with: " + text_of(read);
        if (std::exchange(draining_, true)) {
          finish();
          return std::nullopt;
        }
        avcodec_send_packet(decoder_.get(), nullptr);
        return std::nullopt;
      }
      note_end(*packet_);
      if (packet_->stream_index != stream_index_) {
        av_packet_unref(packet_.get());
        continue;
      }
      if (skip_after_seek(*packet_)) {
        av_packet_unref(packet_.get());
        continue;
      }
      last_packet_corrupt_ = (packet_->flags & AV_PKT_FLAG_CORRUPT) != 0 && lengths_in_front_;
      if (last_packet_corrupt_) partial_pts_ = packet_->pts;
      const std::int64_t pts = packet_->pts != AV_NOPTS_VALUE ? packet_->pts : packet_->dts;
      const int sent = avcodec_send_packet(decoder_.get(), packet_.get());
      av_packet_unref(packet_.get());
      if (sent < 0 && sent != AVERROR(EAGAIN) && sent != AVERROR_EOF) {
        if (sent == AVERROR(ENOMEM))
          throw Error(ErrorCode::kOutOfMemory, path_ + ": memory ran out while it was decoded");
        return Raw{nullptr, repaired(last_pts_ && pts <= *last_pts_ ? AV_NOPTS_VALUE : pts), text_of(sent)};
      }
      return std::nullopt;
    }
  }

  /// Pictures before a key frame need others that were not read.
  bool skip_after_seek(const AVPacket& packet) {
    if (!await_key_) return false;
    const bool key = (packet.flags & AV_PKT_FLAG_KEY) != 0 && !std::exchange(skip_first_, false);
    await_key_ = !key;
    return await_key_;
  }

  /// How far the file reaches, in any of its streams.
  void note_end(const AVPacket& packet) {
    const AVStream* stream = input_->streams[packet.stream_index];
    if (packet.pts == AV_NOPTS_VALUE) return;
    furthest_s_ =
        std::max(furthest_s_, static_cast<double>(packet.pts + packet.duration) * av_q2d(stream->time_base));
  }

  Raw accept(FramePtr frame) {
    Raw raw;
    raw.pts = repaired(frame->best_effort_timestamp);
    if ((frame->flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame->decode_error_flags != 0) {
      raw.error = "the decoder found errors in it";
    } else if (frame->pts != AV_NOPTS_VALUE && frame->pts == partial_pts_) {
      // Not every decoder notices.
      raw.error = "the file ends within it";
    } else {
      raw.frame = std::move(frame);
    }
    return raw;
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
    ended_ = true;
    if (verdict_) return;
    const double frame_s = av_q2d(frame_duration_);
    const double last_s = last_pts_ ? seconds_of(*last_pts_) + frame_s : 0;
    const double end_s = any_stream_ends_it_ ? std::max(last_s, furthest_s_) : last_s;
    const double short_by = declared_end_s_ ? *declared_end_s_ - end_s : 0;
    if (!truncated_ && short_by > std::max(0.5, 2 * frame_s)) {
      truncated_ = "it ends at " + std::to_string(end_s) + " s of the " + std::to_string(*declared_end_s_) +
                   " s that it claims";
    }
    if (truncated_) {
      verdict_ = Error(ErrorCode::kVideoTruncated,
                       path_ + ": the video is cut short (" + *truncated_ +
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
  std::optional<Raw> pending_;
  std::vector<Raw> damaged_first_;  ///< Before the first whole frame, last one first
  std::int64_t count_ = 0;
  std::optional<std::int64_t> first_pts_;  ///< Of the first frame, if it is whole
  std::optional<std::int64_t> last_pts_;
  std::int64_t times_repaired_ = 0;
  bool draining_ = false;
  bool await_key_ = false;   ///< After a seek, until a key frame
  bool skip_first_ = false;  ///< After a seek, the first packet
  bool ended_ = false;
  std::optional<double> declared_end_s_;
  bool any_stream_ends_it_ = false;
  double furthest_s_ = 0;
  std::optional<std::string> truncated_;
  bool lengths_in_front_ = false;  ///< A container that knows each packet's length before it reads it
  bool last_packet_corrupt_ = false;
  std::int64_t partial_pts_ = AV_NOPTS_VALUE;  ///< Of the packet within which the file ends
  std::optional<Error> verdict_;
};

}  // namespace

std::unique_ptr<VideoReader> open_reader(const std::string& path, const ReadOptions& options) {
  return std::make_unique<Reader>(path, options);
}

}  // namespace da3::video::av
