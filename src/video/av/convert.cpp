// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include <video/av/convert.hpp>
#include <video/av/planar_rgb.hpp>
#include <video/colour.hpp>

#include <image/orientation.hpp>

namespace da3::video::av {
namespace {

/// swscale writes up to a vector behind the pixels of a row.
constexpr int kRowAlignment = 64;
/// Chroma by cubic interpolation in both directions, rounded alike on every processor.
constexpr int kScalerFlags =
    SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT;

bool is_interlaced(const AVFrame& frame) {
#ifdef AV_FRAME_FLAG_INTERLACED
  return (frame.flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
  return frame.interlaced_frame != 0;
#endif
}

bool top_field_first(const AVFrame& frame) {
#ifdef AV_FRAME_FLAG_TOP_FIELD_FIRST
  return (frame.flags & AV_FRAME_FLAG_TOP_FIELD_FIRST) != 0;
#else
  return frame.top_field_first != 0;
#endif
}

int scaler_matrix(const std::string& name) {
  if (name == "bt709") return SWS_CS_ITU709;
  if (name == "bt2020") return SWS_CS_BT2020;
  return SWS_CS_ITU601;
}

/// Rows of `pixel_bytes` a pixel without gaps, by swscale. `scaler`: used again for frames of the same kind.
std::vector<std::uint8_t> scaled(ScalerPtr& scaler, const PlanarFrame& frame, AVPixelFormat target,
                                 int pixel_bytes) {
  const auto [height, width] = frame.size;
  scaler.reset(sws_getCachedContext(scaler.release(), width, height, frame.format, width, height, target,
                                    kScalerFlags, nullptr, nullptr, nullptr));
  if (!scaler) {
    throw Error(ErrorCode::kVideoUnsupported, std::string("frames of the pixel format ") +
                                                  av_get_pix_fmt_name(frame.format) + " cannot be converted");
  }
  const int* coefficients = sws_getCoefficients(frame.matrix);
  constexpr int kUnit = 1 << 16;
  sws_setColorspaceDetails(scaler.get(), coefficients, frame.full_range ? 1 : 0, coefficients, 1, 0, kUnit,
                           kUnit);
  const int stride =
      (width * pixel_bytes + kRowAlignment - 1) / kRowAlignment * kRowAlignment + kRowAlignment;
  std::vector<std::uint8_t> rows(static_cast<std::size_t>(stride) * static_cast<std::size_t>(height) +
                                 kRowAlignment);
  std::uint8_t* const planes[4] = {rows.data(), nullptr, nullptr, nullptr};
  const int strides[4] = {stride, 0, 0, 0};
  if (sws_scale(scaler.get(), frame.planes.data(), frame.strides.data(), 0, height, planes, strides) !=
      height)
    throw Error(ErrorCode::kVideoDamaged, "a frame could not be converted to RGB");
  const std::size_t row_bytes = static_cast<std::size_t>(width) * static_cast<std::size_t>(pixel_bytes);
  for (std::size_t y = 1; y < static_cast<std::size_t>(height); ++y)
    std::memmove(rows.data() + y * row_bytes, rows.data() + y * static_cast<std::size_t>(stride), row_bytes);
  rows.resize(row_bytes * static_cast<std::size_t>(height));
  return rows;
}

HalvedChroma halved_chroma(const PlanarFrame& frame) {
  HalvedChroma picture{frame.size, {}, {}};
  for (std::size_t i = 0; i < 3; ++i) {
    picture.planes[i] = frame.planes[i];
    picture.strides[i] = frame.strides[i];
  }
  return picture;
}

RgbWeights weights_of(const PlanarFrame& frame) {
  return rgb_weights(std::span<const int, 4>(sws_getCoefficients(frame.matrix), 4), frame.full_range);
}

/// True if our own conversion gives the bits of this FFmpeg's: of noise, with the frame's colours.
bool own_is_exact(const PlanarFrame& frame) {
  constexpr Size kSize{36, 52};
  constexpr Size kChroma{kSize.height / 2, kSize.width / 2};
  std::vector<std::uint8_t> noise(kSize.area() + 2 * kChroma.area() + kRowAlignment);
  std::uint32_t random = 1;
  for (std::uint8_t& value : noise) {
    random = random * 1664525U + 1013904223U;
    value = static_cast<std::uint8_t>(random >> 24U);
  }
  PlanarFrame test = frame;
  test.size = kSize;
  test.planes = {noise.data(), noise.data() + kSize.area(), noise.data() + kSize.area() + kChroma.area(),
                 nullptr};
  test.strides = {kSize.width, kChroma.width, kChroma.width, 0};
  ScalerPtr scaler;
  return to_rgb(halved_chroma(test), weights_of(test)).rgb == scaled(scaler, test, AV_PIX_FMT_RGB24, 3);
}

/// The display matrix that the container names for a stream, or null.
const std::int32_t* matrix_for_display(const AVStream& stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 30, 101)
  const AVPacketSideData* data = av_packet_side_data_get(
      stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  return data != nullptr && data->size >= 36 ? reinterpret_cast<const std::int32_t*>(data->data) : nullptr;
#else
  return reinterpret_cast<const std::int32_t*>(
      av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr));
#endif
}

const std::int32_t* matrix_for_display(const AVFrame& frame) {
  const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX);
  return data != nullptr && data->size >= 36 ? reinterpret_cast<const std::int32_t*>(data->data) : nullptr;
}

Turn turn_of(const std::int32_t* matrix) {
  // Row vectors: x' = a x + c y, y' = b x + d y (av_display_rotation_get).
  const double unit = 1 << 16;
  const double a = matrix[0] / unit;
  const double b = matrix[1] / unit;
  const double c = matrix[3] / unit;
  const double d = matrix[4] / unit;
  const double length_x = std::hypot(a, b);
  const double length_y = std::hypot(c, d);
  Turn turn;
  if (length_x == 0 || length_y == 0) return turn;
  const int quarter[4] = {
      static_cast<int>(std::lround(a / length_x)), static_cast<int>(std::lround(b / length_x)),
      static_cast<int>(std::lround(c / length_y)), static_cast<int>(std::lround(d / length_y))};
  constexpr double kOneDegree = 0.0175;
  const double off = std::max({std::abs(a / length_x - quarter[0]), std::abs(b / length_x - quarter[1]),
                               std::abs(c / length_y - quarter[2]), std::abs(d / length_y - quarter[3])});
  struct Known {
    int parts[4];
    Turn turn;
  };
  static const Known kKnown[] = {
      {{1, 0, 0, 1}, {1, 0, false, true}},     {{-1, 0, 0, 1}, {2, 0, true, true}},
      {{-1, 0, 0, -1}, {3, 180, false, true}}, {{1, 0, 0, -1}, {4, 180, true, true}},
      {{0, 1, 1, 0}, {5, 270, true, true}},    {{0, 1, -1, 0}, {6, 90, false, true}},
      {{0, -1, -1, 0}, {7, 90, true, true}},   {{0, -1, 1, 0}, {8, 270, false, true}},
  };
  for (const Known& known : kKnown) {
    if (off <= kOneDegree && std::equal(quarter, quarter + 4, known.parts)) return known.turn;
  }
  turn.exact = false;
  return turn;
}

}  // namespace

Turn turn_of(const AVFrame& frame, const AVStream& stream) {
  const std::int32_t* matrix = matrix_for_display(frame);
  if (matrix == nullptr) matrix = matrix_for_display(stream);
  return matrix == nullptr ? Turn{} : turn_of(matrix);
}

Matrix matrix_of(const AVFrame& frame) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  if (format != nullptr && (format->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0)
    return {"rgb", false};
  switch (frame.colorspace) {
    case AVCOL_SPC_RGB:
      return {"rgb", false};
    case AVCOL_SPC_BT709:
      return {"bt709", false};
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return {"bt2020", false};
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_FCC:
      return {"bt601", false};
    default:
      return {std::string(assumed_matrix({frame.height, frame.width})), true};
  }
}

bool is_full_range(const AVFrame& frame) {
  switch (frame.format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ411P:
      return true;
    default:
      return frame.color_range == AVCOL_RANGE_JPEG;
  }
}

bool Converter::has_own_way(const PlanarFrame& frame) {
  constexpr int kLeastSide = 16;
  const auto [height, width] = frame.size;
  const bool halved = frame.format == AV_PIX_FMT_YUV420P || frame.format == AV_PIX_FMT_YUVJ420P;
  if (!halved || height % 2 != 0 || width % 2 != 0 || std::min(height, width) < kLeastSide) return false;
  const std::tuple colours(frame.format, frame.matrix, frame.full_range);
  if (std::exchange(tested_colours_, colours) != colours) own_is_exact_ = own_is_exact(frame);
  return own_is_exact_;
}

Image Converter::convert(const AVFrame& frame, const Turn& turn, Ratio sample_aspect) {
  const auto source = static_cast<AVPixelFormat>(frame.format);
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(source);
  if (format == nullptr) throw Error(ErrorCode::kVideoUnsupported, "frames of an unknown pixel format");
  const bool wide = format->comp[0].depth > 8;
  const bool hdr = frame.color_trc == AVCOL_TRC_SMPTE2084 || frame.color_trc == AVCOL_TRC_ARIB_STD_B67;
  PlanarFrame planar{.size = {frame.height, frame.width},
                     .format = source,
                     .matrix = scaler_matrix(matrix_of(frame).name),
                     .full_range = is_full_range(frame)};
  std::copy_n(frame.data, 4, planar.planes.begin());
  std::copy_n(frame.linesize, 4, planar.strides.begin());
  Image picture{planar.size, {}};
  if (wide || hdr) {
    const std::vector<std::uint8_t> bytes = scaled(scaler_, planar, AV_PIX_FMT_RGB48, 6);
    std::vector<std::uint16_t> rgb(planar.size.area() * 3);
    std::memcpy(rgb.data(), bytes.data(), bytes.size());
    picture = hdr && options_.hdr == Hdr::kToneMap
                  ? tone_map(rgb, planar.size,
                             frame.color_trc == AVCOL_TRC_SMPTE2084 ? HdrTransfer::kPq : HdrTransfer::kHlg)
                  : to_8_bits(rgb, planar.size);
  } else if (has_own_way(planar)) {
    picture = to_rgb(halved_chroma(planar), weights_of(planar), std::exchange(room_, {}));
  } else {
    picture.rgb = scaled(scaler_, planar, AV_PIX_FMT_RGB24, 3);
  }
  if (is_interlaced(frame) && options_.deinterlace == Deinterlace::kAuto) {
    keep_first_field(picture, top_field_first(frame) ? FirstField::kTop : FirstField::kBottom);
  }
  return image::upright(with_square_pixels(std::move(picture), sample_aspect), turn.orientation);
}

}  // namespace da3::video::av
