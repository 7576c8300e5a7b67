// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include <video/av/encoder.hpp>
#include <video/av/encoder_trial.hpp>
#include <video/av/output.hpp>
#include <video/av/segment.hpp>

#include <da3/error.hpp>

namespace da3::video::av {
namespace {

constexpr const char* kColourEncoders[] = {"libx264",     "h264_videotoolbox", "h264_nvenc",
                                           "libopenh264", "libvpx-vp9",        "mpeg4"};
constexpr const char* kPipeAdvice = "-o - -f y4m | ffmpeg -i - OUT lets another program encode";

bool takes(const std::string& container, AVCodecID codec) {
  const AVOutputFormat* format = av_guess_format(container.c_str(), nullptr, nullptr);
  return format != nullptr && avformat_query_codec(format, codec, FF_COMPLIANCE_NORMAL) == 1;
}

/// Whether segments hold it. FFmpeg writes AV1 to NUT, and does not read it back.
bool has_segments(AVCodecID codec) {
  return codec != AV_CODEC_ID_AV1 && takes(kSegmentContainer, codec);
}

}  // namespace

Size even(Size size) {
  return {size.height + size.height % 2, size.width + size.width % 2};
}

namespace {

CodecPtr open_with(const StreamSpec& spec, const std::string& name, AVRational time_base) {
  const AVCodec* codec = avcodec_find_encoder_by_name(name.c_str());
  if (codec == nullptr) return nullptr;
  CodecPtr context(avcodec_alloc_context3(codec));
  if (!context) throw Error(ErrorCode::kOutOfMemory, "memory ran out while an encoder was opened");
  const Size size = spec.grey16 ? spec.size : even(spec.size);
  context->width = size.width;
  context->height = size.height;
  context->time_base = time_base;
  context->pix_fmt = pixel_format(spec.grey16);
  context->framerate = av_d2q(spec.frames_per_s, 100000);
  context->sample_aspect_ratio = {1, 1};
  context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
  // One thread: with more, some encoders divide the picture otherwise, and a run that went on would differ.
  context->thread_count = 1;
  AVDictionary* options = nullptr;
  if (spec.grey16) {
    context->gop_size = 1;
    context->level = 3;
    context->slices = 4;
    av_dict_set(&options, "slicecrc", "1", 0);
  } else {
    set_colours(*context);
    context->gop_size = std::max(1, static_cast<int>(std::lround(spec.key_interval_s * spec.frames_per_s)));
    const std::string crf = std::to_string(spec.crf);
    if (name == "libx264") {
      context->max_b_frames = 2;
      // Coloured depth is smooth: at the same CRF slower presets take 4 to 8 times as long for files that are
      // no smaller, and what they gain is above 54 dB.
      av_dict_set(&options, "preset", "ultrafast", 0);
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
    } else if (av_opt_find(context->priv_data, "crf", nullptr, 0, 0) != nullptr) {
      av_dict_set(&options, "crf", crf.c_str(), 0);
      if (name == "libx265") av_dict_set(&options, "x265-params", "log-level=none", 0);
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

}  // namespace

CodecPtr open_encoder(const StreamSpec& spec, const std::string& name) {
  CodecPtr encoder =
      open_with(spec, name, {static_cast<int>(spec.time_base.num), static_cast<int>(spec.time_base.den)});
  if (encoder) return encoder;
  // MPEG-4 knows no ticks finer than 1/65535 s, which those of MPEG-TS are.
  return open_with(spec, name, av_inv_q(av_d2q(spec.frames_per_s, 65535)));
}

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
    // Asked first: some encoders cannot be closed before they have had a frame.
    const AVCodec* codec = avcodec_find_encoder_by_name(name.c_str());
    const bool kept = codec != nullptr && has_segments(codec->id) && takes(container, codec->id);
    const CodecPtr encoder = kept ? open_encoder(spec, name) : nullptr;
    if (encoder && can_be_read_back(*encoder, spec.grey16, container)) return name;
    tried += (tried.empty() ? "" : ", ") + name;
  }
  throw Error(ErrorCode::kEncoderUnavailable,
              "no encoder here makes " + container + " files that can be read (tried: " + tried +
                  "); choose one with --encoder, another container, or a pipe: " + kPipeAdvice);
}

}  // namespace da3::video::av
