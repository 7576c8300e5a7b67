// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <video/av/decoder.hpp>

#include <da3/error.hpp>

namespace da3::video::av {
namespace {

/// Frames that wait for an earlier packet's: H.264 and HEVC reorder at most 16.
constexpr std::size_t kMostHeld = 16;
/// Packets that a decoder may still hold, with threads.
constexpr std::int64_t kMostSent = 64;
constexpr const char* kBuildsOnRefused = "it builds on a key frame that the decoder refused";

std::optional<std::int64_t> time_of(std::int64_t pts) {
  return pts == AV_NOPTS_VALUE ? std::nullopt : std::optional(pts);
}

std::optional<std::int64_t> time_of(const AVPacket& packet) {
  return time_of(packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts);
}

/// The frame of this packet will know its number.
void give_number([[maybe_unused]] AVCodecContext& codec, [[maybe_unused]] AVPacket& packet,
                 std::int64_t number) {
#ifdef AV_CODEC_FLAG_COPY_OPAQUE
  packet.opaque = reinterpret_cast<void*>(static_cast<std::intptr_t>(number));
#else
  codec.reordered_opaque = number;
#endif
}

/// 0 if the decoder does not pass it on.
std::int64_t number_of(const AVFrame& frame) {
#ifdef AV_CODEC_FLAG_COPY_OPAQUE
  return static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(frame.opaque));
#else
  return std::max<std::int64_t>(0, frame.reordered_opaque);
#endif
}

bool every_frame_is_key(const AVCodecContext& codec) {
  const AVCodecDescriptor* descriptor = avcodec_descriptor_get(codec.codec_id);
  return descriptor != nullptr && (descriptor->props & AV_CODEC_PROP_INTRA_ONLY) != 0;
}

/// VP8 has pictures that only others build on.
bool is_shown(const AVPacket& packet, AVCodecID codec) {
  constexpr unsigned kShown = 1U << 4U;
  const bool hidden = codec == AV_CODEC_ID_VP8 && packet.size > 0 && (packet.data[0] & kShown) == 0;
  return !hidden && (packet.flags & AV_PKT_FLAG_DISCARD) == 0;
}

}  // namespace

Decoder::Decoder(const std::string& path, const AVStream& stream, const ReadOptions& options,
                 const FileEnd& end, Complaints& complaints)
    : path_(path), stream_(stream), options_(options), end_(end), complaints_(complaints) {
  check_size({stream.codecpar->height, stream.codecpar->width});
  codec_ = open_heard(std::max(1, options.threads));
}

CodecPtr Decoder::open_heard(int threads) const {
  CodecPtr decoder = open(threads);
  complaints_.listen_to(*decoder);
  return decoder;
}

CodecPtr Decoder::open(int threads) const {
  const AVCodecParameters* parameters = stream_.codecpar;
  const AVCodec* codec = avcodec_find_decoder(parameters->codec_id);
  const std::string name = avcodec_get_name(parameters->codec_id);
  if (codec == nullptr) {
    throw Error(
        ErrorCode::kVideoUnsupported,
        path_ + ": this FFmpeg has no decoder for " + name +
            "; install one that has, or pipe the frames in: ffmpeg -i IN -f yuv4mpegpipe - | da3 video -");
  }
  CodecPtr decoder(avcodec_alloc_context3(codec));
  if (!decoder) throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was opened");
  avcodec_parameters_to_context(decoder.get(), parameters);
  decoder->pkt_timebase = stream_.time_base;
  decoder->thread_count = threads;
  decoder->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM;
  // Where no frame builds on others a damaged one can be refused; some of these decoders tell no other way.
  if (every_frame_is_key(*decoder)) decoder->err_recognition |= AV_EF_EXPLODE;
  // Damaged frames are counted, so they have to come out.
  decoder->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
#ifdef AV_CODEC_FLAG_COPY_OPAQUE
  decoder->flags |= AV_CODEC_FLAG_COPY_OPAQUE;
#endif
  decoder->max_pixels = static_cast<std::int64_t>(options_.max_pixels);
  const int opened = avcodec_open2(decoder.get(), codec, nullptr);
  if (opened < 0) {
    throw Error(ErrorCode::kVideoUnsupported,
                path_ + ": the decoder of " + name + " cannot be opened (" + text_of(opened) + ")");
  }
  return decoder;
}

void Decoder::check_size(Size size) const {
  if (size.height > 0 && size.width > 0 && size.area() > options_.max_pixels) {
    throw Error(ErrorCode::kImageTooLarge, path_ + ": frames of " + std::to_string(size.width) + "x" +
                                               std::to_string(size.height) +
                                               " pixels; raise the limit (--max-pixels)");
  }
}

std::optional<Decoded> Decoder::pop() {
  if (ready_.empty()) return std::nullopt;
  Decoded next = std::move(ready_.front());
  ready_.pop_front();
  return next;
}

Decoder::Step Decoder::step() {
  FramePtr frame = make_frame();
  const int got = avcodec_receive_frame(codec_.get(), frame.get());
  if (got == AVERROR_EOF) return Step::kEnded;
  if (got == AVERROR(EAGAIN)) return Step::kWantsPacket;
  if (got == 0) {
    const std::int64_t pts = frame->best_effort_timestamp;
    accept(std::move(frame), pts);
  } else {
    refuse(got);
  }
  return Step::kGoesOn;
}

void Decoder::send(AVPacket& packet, bool key, Use use) {
  const std::int64_t number = ++sent_;
  const std::optional<std::int64_t> time = time_of(packet);
  const bool shown = is_shown(packet, stream_.codecpar->codec_id);
  lineage_.sent(number, key, time);
  if (is_lost(key, time)) {
    if (shown) refused_.lost(number, time, kBuildsOnRefused);
    return;
  }
  if (shown) refused_.sent(number, time);
  if (key) keep(number, packet);
  give_number(*codec_, packet, number);
  // Pictures that no other builds on. In HEVC such a picture may still serve one of a higher temporal layer.
  const bool passes = use == Use::kForOthers && codec_->codec_id == AV_CODEC_ID_H264;
  codec_->skip_frame = passes ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
  const int sent = avcodec_send_packet(codec_.get(), &packet);
  if (sent < 0 && sent != AVERROR(EAGAIN) && sent != AVERROR_EOF) refuse(sent);
}

/// Of a key frame, to find out whether it is the one that was refused.
void Decoder::keep(std::int64_t number, const AVPacket& packet) {
  if (every_frame_is_key(*codec_)) return;
  PacketPtr copy = make_packet();
  if (av_packet_ref(copy.get(), &packet) < 0)
    throw Error(ErrorCode::kOutOfMemory, path_ + ": memory ran out while it was decoded");
  std::erase_if(keys_, [&](const KeyPacket& each) { return each.number <= number - kMostSent; });
  keys_.push_back({number, std::move(copy)});
}

void Decoder::send_end() {
  const int sent = avcodec_send_packet(codec_.get(), nullptr);
  if (sent < 0 && sent != AVERROR(EAGAIN) && sent != AVERROR_EOF) refuse(sent);
}

/// Pictures before the next key frame, in the order of decoding or of presentation, need the one that was
/// refused.
bool Decoder::is_lost(bool key, std::optional<std::int64_t> time) {
  if (!key) return in_gap_ || (time && gap_end_ && *time < *gap_end_);
  gap_end_ = std::exchange(in_gap_, false) ? time : std::nullopt;
  return false;
}

void Decoder::refuse(int error) {
  if (error == AVERROR(ENOMEM))
    throw Error(ErrorCode::kOutOfMemory, path_ + ": memory ran out while it was decoded");
  if (const std::optional<std::int64_t> key = refused_key()) {
    begin_gap(*key, text_of(error));
  } else {
    refused_.refused(text_of(error));
  }
}

/// The packet that was refused, if it is a key frame. Decoders do not say which one it was, and with threads
/// they tell late.
std::optional<std::int64_t> Decoder::refused_key() {
  while (!keys_.empty()) {
    const KeyPacket key = std::move(keys_.front());
    keys_.pop_front();
    if (!decodes_alone(*key.packet)) return key.number;
  }
  return std::nullopt;
}

bool Decoder::decodes_alone(const AVPacket& packet) const {
  const CodecPtr decoder = open(1);
  const FramePtr frame = make_frame();
  return avcodec_send_packet(decoder.get(), &packet) >= 0 &&
         avcodec_send_packet(decoder.get(), nullptr) >= 0 &&
         avcodec_receive_frame(decoder.get(), frame.get()) >= 0;
}

void Decoder::begin_gap(std::int64_t key, const std::string& error) {
  std::vector<FramePtr> left;
  avcodec_send_packet(codec_.get(), nullptr);
  for (;;) {
    FramePtr frame = make_frame();
    const int got = avcodec_receive_frame(codec_.get(), frame.get());
    if (got == AVERROR_EOF || got == AVERROR(EAGAIN)) break;
    if (got == 0) left.push_back(std::move(frame));
  }
  // Instead of avcodec_flush_buffers, after which times are guessed from those of the mixed frames.
  codec_ = open_heard(codec_->thread_count);
  lineage_.damaged(key);
  keys_.clear();
  in_gap_ = true;
  // Of pictures behind the key frame the decoder may have shown some before those in front of it.
  for (FramePtr& frame : left) {
    const std::int64_t number = number_of(*frame);
    if (number <= 0 || number >= key) continue;
    const std::int64_t pts = refused_.time_of(number).value_or(AV_NOPTS_VALUE);
    accept(std::move(frame), pts);
  }
  refused_.lost_from(key, error, kBuildsOnRefused);
}

void Decoder::accept(FramePtr frame, std::int64_t pts) {
  const std::int64_t number = number_of(*frame);
  const bool late = is_late(number, pts);
  push(refused_.before(late ? std::nullopt : time_of(pts), number));
  std::erase_if(keys_, [&](const KeyPacket& key) { return key.number == number; });
  Decoded decoded{nullptr, pts, {}, false, late, number};
  if ((frame->flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame->decode_error_flags != 0) {
    decoded.error = "the decoder found errors in it";
  } else if (late) {
    decoded.error = "the decoder shows it after later frames";
  } else if (end_.is_within(*frame)) {
    // Not every decoder notices.
    decoded.error = "the file ends within it";
  } else {
    decoded.frame = std::move(frame);
  }
  if (!decoded.frame && number > 0) lineage_.damaged(number);
  held_.push_back(std::move(decoded));
  release(false);
}

/// Whether a frame comes after one that is shown later and was decoded later. A decoder takes the order from
/// the frames: one that it takes wrong is damaged. Where a file's times go back, the packet is a later one.
bool Decoder::is_late(std::int64_t packet, std::int64_t time) {
  const PacketTime before = std::exchange(last_, {packet, time});
  const bool late = packet > 0 && packet < before.packet && time != AV_NOPTS_VALUE && time < before.time;
  if (late) last_ = before;
  return late;
}

void Decoder::push(const std::vector<Refused>& refused) {
  for (const Refused& each : refused) {
    if (each.packet) lineage_.damaged(*each.packet);
    held_.push_back(
        {nullptr, each.time.value_or(AV_NOPTS_VALUE), each.error, false, true, each.packet.value_or(0)});
  }
}

/// A frame may build on one that is shown after it and was decoded before.
void Decoder::release(bool all) {
  for (; !held_.empty(); held_.pop_front()) {
    Decoded& next = held_.front();
    const bool may_wait = next.frame && next.pts != AV_NOPTS_VALUE && held_.size() <= kMostHeld && !all;
    if (may_wait && refused_.awaits_earlier(next.packet, next.pts)) return;
    next.builds_on_damaged = next.frame && lineage_.builds_on_damaged(next.packet);
    ready_.push_back(std::move(next));
  }
}

void Decoder::finish() {
  push(refused_.rest());
  release(true);
}

void Decoder::reset() {
  avcodec_flush_buffers(codec_.get());
  refused_ = {};
  lineage_ = {};
  last_ = {};
  keys_.clear();
  held_.clear();
  ready_.clear();
  in_gap_ = false;
  gap_end_.reset();
}

}  // namespace da3::video::av
