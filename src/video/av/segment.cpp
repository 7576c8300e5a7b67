// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <video/av/encoder.hpp>
#include <video/av/handles.hpp>
#include <video/av/output.hpp>
#include <video/av/segment.hpp>

#include <da3/error.hpp>

namespace da3::video::av {
namespace {

class Segment final : public SegmentWriter {
 public:
  Segment(std::filesystem::path file, const StreamSpec& spec)
      : file_(std::move(file)),
        spec_(spec),
        encoder_(open_encoder(spec, spec.encoder)),
        time_base_{static_cast<int>(spec.time_base.num), static_cast<int>(spec.time_base.den)},
        counts_frames_(encoder_ && av_cmp_q(encoder_->time_base, time_base_) != 0),
        packet_(make_packet()) {
    if (!encoder_)
      throw Error(ErrorCode::kEncoderUnavailable, "the encoder " + spec.encoder + " cannot be opened");
    output_ = make_output(file_, kSegmentContainer);
    AVStream* stream = avformat_new_stream(output_.get(), nullptr);
    if (stream == nullptr) throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was written");
    avcodec_parameters_from_context(stream->codecpar, encoder_.get());
    stream->codecpar->codec_tag = 0;
    stream->time_base = time_base_;
    open_file(output_.get(), file_);
    const int begun = avformat_write_header(output_.get(), nullptr);
    if (begun < 0) fail(file_, begun);
    frame_ = make_frame();
    frame_->format = encoder_->pix_fmt;
    frame_->width = encoder_->width;
    frame_->height = encoder_->height;
    if (!spec.grey16) set_colours(*frame_);
    if (av_frame_get_buffer(frame_.get(), 0) < 0)
      throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was written");
  }

  void write(std::int64_t pts, const HalvedPicture& picture, bool key) override {
    make_writable();
    const auto [height, width] = picture.size;
    const std::uint8_t* planes[4] = {picture.luma().data(), picture.blue().data(), picture.red().data(),
                                     nullptr};
    const int strides[4] = {width, width / 2, width / 2, 0};
    if (picture.size == Size{frame_->height, frame_->width}) {
      av_image_copy(frame_->data, frame_->linesize, planes, strides, AV_PIX_FMT_YUV420P, width, height);
    } else {
      set_scaler(picture.size, AV_PIX_FMT_YUV420P, SWS_BILINEAR | SWS_BITEXACT);
      sws_scale(scaler_.get(), planes, strides, 0, height, frame_->data, frame_->linesize);
    }
    send(pts, key);
  }

  void write(std::int64_t pts, const Image& picture, bool key) override {
    make_writable();
    constexpr int kFlags =
        SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT;
    const Size size = even(picture.size);
    set_scaler(size, AV_PIX_FMT_RGB24,
               size == Size{frame_->height, frame_->width} ? kFlags : SWS_BILINEAR | SWS_BITEXACT);
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
    make_writable();
    // Frames of another size are taken at the nearest pixel: codes cannot be interpolated.
    std::vector<std::size_t> columns(static_cast<std::size_t>(frame_->width));
    for (std::size_t x = 0; x < columns.size(); ++x)
      columns[x] = x * static_cast<std::size_t>(size.width) / columns.size();
    for (int y = 0; y < frame_->height; ++y) {
      std::uint8_t* row = frame_->data[0] + static_cast<std::ptrdiff_t>(y) * frame_->linesize[0];
      const auto from_y = static_cast<std::size_t>(std::int64_t{y} * size.height / frame_->height);
      const std::uint16_t* const codes = grey.data() + from_y * static_cast<std::size_t>(size.width);
      for (std::size_t x = 0; x < columns.size(); ++x) {
        const std::uint16_t value = codes[columns[x]];
        row[2 * x] = static_cast<std::uint8_t>(value);
        row[2 * x + 1] = static_cast<std::uint8_t>(value >> 8U);
      }
    }
    send(pts, true);
  }

  void repeat(std::int64_t pts) override {
    // The picture is the same, but times and kind of the frame are not.
    make_writable();
    send(pts, encoder_->gop_size == 1);
  }

  void finish() override {
    const int ended = avcodec_send_frame(encoder_.get(), nullptr);
    if (ended < 0 && ended != AVERROR_EOF) fail_to_encode(ended);
    take_packets();
    if (num_packets_ < num_frames_) {
      throw Error(ErrorCode::kInternal, "the encoder " + spec_.encoder + " gave " +
                                            std::to_string(num_packets_) + " of " +
                                            std::to_string(num_frames_) + " frames; choose another encoder");
    }
    if (const int written = av_write_trailer(output_.get()); written < 0) fail(file_, written);
    close_file(output_.get(), file_);
  }

 private:
  /// The encoder may hold the frame's pixels.
  void make_writable() {
    if (av_frame_make_writable(frame_.get()) < 0)
      throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was written");
  }

  /// From pictures of `size` to the frame.
  void set_scaler(Size size, AVPixelFormat format, int flags) {
    scaler_.reset(sws_getCachedContext(scaler_.release(), size.width, size.height, format, frame_->width,
                                       frame_->height, AV_PIX_FMT_YUV420P, flags, nullptr, nullptr, nullptr));
    if (!scaler_) throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was written");
  }

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

  [[noreturn]] void fail_to_encode(int error) const {
    if (error == AVERROR(ENOMEM))
      throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was encoded");
    throw Error(ErrorCode::kInternal,
                "the encoder " + spec_.encoder + " failed at a frame (" + text_of(error) + ")");
  }

  void send(std::int64_t pts, bool key) {
    const std::int64_t time = pts + segment_origin(time_base_);
    if (counts_frames_) times_.push_back(time);
    frame_->pts = counts_frames_ ? num_frames_ : time;
    frame_->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    frame_->quality = encoder_->global_quality;
    const int sent = avcodec_send_frame(encoder_.get(), frame_.get());
    if (sent < 0) fail_to_encode(sent);
    ++num_frames_;
    take_packets();
  }

  void take_packets() {
    int got = 0;
    while ((got = avcodec_receive_packet(encoder_.get(), packet_.get())) == 0) {
      ++num_packets_;
      packet_->stream_index = 0;
      if (counts_frames_) packet_->pts = packet_->dts = times_.at(static_cast<std::size_t>(packet_->pts));
      av_packet_rescale_ts(packet_.get(), time_base_, output_->streams[0]->time_base);
      const int written = av_interleaved_write_frame(output_.get(), packet_.get());
      if (written < 0) fail(file_, written);
    }
    if (got != AVERROR(EAGAIN) && got != AVERROR_EOF) fail_to_encode(got);
    if (output_->pb->error < 0) fail(file_, output_->pb->error);
  }

  std::filesystem::path file_;
  StreamSpec spec_;
  CodecPtr encoder_;
  AVRational time_base_;
  /// The encoder does not know the time base: it is told the frames' numbers, and gives packets in their
  /// order.
  bool counts_frames_;
  std::int64_t num_frames_ = 0;
  std::int64_t num_packets_ = 0;
  std::vector<std::int64_t> times_;
  PacketPtr packet_;
  OutputPtr output_;
  FramePtr frame_;
  ScalerPtr scaler_;
  Image padded_;
};

}  // namespace

std::unique_ptr<SegmentWriter> open_segment(const std::filesystem::path& file, const StreamSpec& spec) {
  silence();
  return std::make_unique<Segment>(file, spec);
}

}  // namespace da3::video::av
