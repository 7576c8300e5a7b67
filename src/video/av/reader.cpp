// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <utility>

#include <video/av/convert.hpp>
#include <video/av/decoder.hpp>
#include <video/av/file_end.hpp>
#include <video/av/key_packets.hpp>
#include <video/av/reader.hpp>
#include <video/colour.hpp>

#include <image/orientation.hpp>

namespace da3::video::av {
namespace {

bool is_whole(const Decoded& decoded) {
  return decoded.frame != nullptr;
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
    complaints_.listen_to(*input_);
    decoder_.emplace(path_, *stream_, options_, *file_end_, complaints_);
    fill_facts();
  }

  const VideoFacts& facts() const override { return facts_; }

  std::optional<Frame> next(Want want) override {
    std::optional<Decoded> decoded = next_decoded();
    while (decoded && !is_wanted(decoded->pts)) decoded = next_decoded();
    if (!decoded) return std::nullopt;
    Frame frame;
    frame.number = count_++;
    frame.pts = decoded->pts;
    frame.builds_on_damaged = decoded->builds_on_damaged;
    if (decoded->error.empty()) {
      if (want == Want::kTimeOnly) {
        frame.picture.size = upright_size(*decoded->frame);
        return frame;
      }
      try {
        frame.picture = converter_.convert(*decoded->frame, turn_of(*decoded->frame, *stream_),
                                           aspect_of(*decoded->frame));
        return frame;
      } catch (const Error& error) {
        decoded->error = error.what();
      }
    }
    frame.error = Error(ErrorCode::kVideoDamaged, path_ + ": frame " + std::to_string(frame.number) +
                                                      " is damaged (" + decoded->error + ")");
    return frame;
  }

  void only(std::vector<std::int64_t> wanted) override { only_ = std::move(wanted); }

  std::optional<std::int64_t> next_pts() override {
    while (ready_.empty() && !ended_) decode();
    return !ready_.empty() && is_whole(ready_.front()) ? std::optional(ready_.front().pts) : std::nullopt;
  }

  bool seek_near(std::int64_t pts) override {
    if (!facts_.seekable || !go_before(pts, pts)) return false;
    passed_until_ = pts;
    count_ = 0;
    while (std::optional<Decoded> decoded = next_decoded()) {
      if (decoded->pts < pts) continue;
      ready_.push_front(std::move(*decoded));
      break;
    }
    return true;
  }

  bool seek(std::int64_t number, std::int64_t pts) override {
    if (!facts_.seekable) return false;
    // A container without an index, or pictures that need others before their key frame, may put us too late.
    for (const double earlier_s : {0.0, 2.0, 10.0, 60.0}) {
      const auto earlier = static_cast<std::int64_t>(earlier_s / av_q2d(stream_->time_base));
      if (!go_before(pts - earlier, pts)) continue;
      while (std::optional<Decoded> decoded = next_decoded()) {
        if (decoded->pts < pts) continue;
        if (decoded->pts != pts || !is_whole(*decoded)) break;
        ready_.push_front(std::move(*decoded));
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
    int got = 0;
    while ((got = read_packet(input.get(), packet.get())) == 0) {
      const std::int64_t pts = packet->pts;
      const std::int64_t dts = packet->dts;
      const bool shown = packet->stream_index == stream_index_ && (packet->flags & AV_PKT_FLAG_DISCARD) == 0;
      const bool key = shown && is_key(*packet, *input);
      av_packet_unref(packet.get());
      if (!shown) continue;
      if (pts == AV_NOPTS_VALUE) return {};
      // Frames come at or after the time of their decoding.
      if (dts != AV_NOPTS_VALUE && static_cast<double>(dts) > last) break;
      if (pts >= *first_pts_ && static_cast<double>(pts) <= last) found.push_back({pts, key});
    }
    if (got < 0 && got != AVERROR_EOF) return {};  // Reading frames will tell
    std::ranges::sort(found, {}, &FrameTime::pts);
    const bool unique = std::ranges::adjacent_find(found, {}, &FrameTime::pts) == found.end();
    if (found.empty() || found.front().pts != *first_pts_ || !unique) return {};
    return found;
  }

  void reuse(std::vector<std::uint8_t> room) override { converter_.reuse(std::move(room)); }

  std::optional<Error> verdict() const override { return verdict_; }
  std::int64_t times_repaired() const override { return times_repaired_; }
  std::string complaints() const override { return complaints_.text(); }

 private:
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

  bool is_wanted(std::int64_t pts) const { return only_.empty() || std::ranges::binary_search(only_, pts); }

  /// Puts the decoder on a key frame at or before `pts`, or else on the first one up to `wanted`.
  bool go_before(std::int64_t pts, std::int64_t wanted) {
    const auto seek_to = [&](std::int64_t least, std::int64_t most) {
      return avformat_seek_file(input_.get(), stream_index_, least, pts, most, 0) >= 0;
    };
    // Some containers refuse times before the first frame.
    if (!seek_to(std::numeric_limits<std::int64_t>::min(), pts) && !seek_to(pts, wanted)) return false;
    decoder_->reset();
    ready_.clear();
    draining_ = ended_ = false;
    last_pts_.reset();
    verdict_.reset();
    passed_until_ = std::numeric_limits<std::int64_t>::min();
    // Without an index we may be within a picture, so the first packet is not believed.
    const std::string container = input_->iformat->name;
    const bool within = first_pts_ && pts > *first_pts_;
    skip_first_ = within && (container == "mpegts" || container == "mpeg");
    await_key_ = true;
    return true;
  }

  std::optional<Decoded> next_decoded() {
    while (ready_.empty() && !ended_) decode();
    if (ready_.empty()) return std::nullopt;
    Decoded decoded = std::move(ready_.front());
    ready_.pop_front();
    return decoded;
  }

  /// One step towards more of `ready_` or the end.
  void decode() {
    switch (decoder_->step()) {
      case Decoder::Step::kGoesOn:
        break;
      case Decoder::Step::kEnded:
        finish();
        break;
      case Decoder::Step::kWantsPacket:
        feed();
        break;
    }
    take_decoded();
  }

  void take_decoded() {
    while (std::optional<Decoded> decoded = decoder_->pop()) {
      decoded->pts = decoded->out_of_turn ? out_of_turn(decoded->pts) : repaired(decoded->pts);
      ready_.push_back(std::move(*decoded));
    }
  }

  /// Gives the decoder a packet, or tells it that there are no more.
  void feed() {
    bool key = false;
    for (;;) {
      const int read = read_packet(input_.get(), packet_.get());
      if (read < 0) {
        file_end_->ended(read);
        return std::exchange(draining_, true) ? finish() : decoder_->send_end();
      }
      file_end_->read(*packet_, *input_->streams[packet_->stream_index]);
      if (packet_->stream_index == stream_index_) {
        key = is_key(*packet_, *input_);
        if (!skip_after_seek(key)) break;
      }
      av_packet_unref(packet_.get());
    }
    const std::int64_t pts = packet_->pts;
    const bool passed = pts != AV_NOPTS_VALUE && (pts < passed_until_ || !is_wanted(pts));
    decoder_->send(*packet_, key, passed ? Decoder::Use::kForOthers : Decoder::Use::kShown);
    av_packet_unref(packet_.get());
  }

  /// Pictures before a key frame need others that were not read.
  bool skip_after_seek(bool key) {
    if (await_key_) await_key_ = !key || std::exchange(skip_first_, false);
    return await_key_;
  }

  /// Of what is no frame, which is no reason to doubt the times of others.
  std::int64_t out_of_turn(std::int64_t pts) {
    if (pts == AV_NOPTS_VALUE) return repaired(pts);
    if (last_pts_) pts = std::max(pts, *last_pts_ + 1);
    last_pts_ = pts;
    return pts;
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
    decoder_->finish();
    take_decoded();
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
  Complaints complaints_;
  InputPtr input_;
  Converter converter_;
  PacketPtr packet_;
  AVStream* stream_ = nullptr;
  int stream_index_ = -1;
  AVRational frame_duration_{1, 25};
  VideoFacts facts_;
  std::deque<Decoded> ready_;  ///< Frames that come next
  std::int64_t count_ = 0;
  std::optional<std::int64_t> first_pts_;  ///< Of the first frame, if it is whole
  std::optional<std::int64_t> last_pts_;
  std::int64_t times_repaired_ = 0;
  std::vector<std::int64_t> only_;  ///< Times of the frames that are wanted; all if there are none
  std::int64_t passed_until_ = std::numeric_limits<std::int64_t>::min();  ///< Of seek_near
  bool draining_ = false;
  bool await_key_ = false;   ///< After a seek, until a key frame
  bool skip_first_ = false;  ///< After a seek, the first packet
  bool ended_ = false;
  std::optional<FileEnd> file_end_;
  std::optional<Decoder> decoder_;
  std::optional<Error> verdict_;
};

}  // namespace

std::unique_ptr<VideoReader> open_reader(const std::string& path, const ReadOptions& options) {
  return std::make_unique<Reader>(path, options);
}

}  // namespace da3::video::av
