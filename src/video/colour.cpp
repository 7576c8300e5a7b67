// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <video/colour.hpp>

#include <image/resample.hpp>

namespace da3::video {
namespace {

/// The two samples that stand around a place, and the weight of the second.
struct Neighbours {
  std::size_t first = 0;
  std::size_t second = 0;
  float weight = 0;
};

/// Where column (or row) `at` of luma lies among `count` chroma samples.
Neighbours neighbours(int at, int step, int count, bool centred) {
  const double place = centred ? (at + 0.5) / step - 0.5 : static_cast<double>(at) / step;
  const double clamped = std::clamp(place, 0.0, static_cast<double>(count - 1));
  const auto first = static_cast<int>(clamped);
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(std::min(first + 1, count - 1)),
          static_cast<float>(clamped - first)};
}

class Plane {
 public:
  Plane(std::span<const std::uint8_t> bytes, int columns, int bits)
      : bytes_(bytes), columns_(static_cast<std::size_t>(columns)), wide_(bits > 8) {}
  float at(std::size_t row, std::size_t column) const {
    const std::size_t index = row * columns_ + column;
    return wide_ ? static_cast<float>(bytes_[2 * index] | bytes_[2 * index + 1] << 8)
                 : static_cast<float>(bytes_[index]);
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t columns_;
  bool wide_;
};

std::uint8_t rounded(float value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F) + 0.5F);
}

}  // namespace

LumaWeights luma_weights(std::string_view matrix) {
  if (matrix == "bt601") return {0.299, 0.114};
  if (matrix == "bt709") return {0.2126, 0.0722};
  if (matrix == "bt2020") return {0.2627, 0.0593};
  throw Error(ErrorCode::kInternal, "no luma weights of " + std::string(matrix));
}

std::string_view assumed_matrix(Size size) {
  return size.width >= 1280 || size.height > 576 ? "bt709" : "bt601";
}

Image to_rgb(const Planes& planes) {
  const Size size = planes.size;
  const bool grey = planes.chroma_step.width == 0;
  const Size chroma = grey ? Size{}
                           : Size{(size.height + planes.chroma_step.height - 1) / planes.chroma_step.height,
                                  (size.width + planes.chroma_step.width - 1) / planes.chroma_step.width};
  const std::size_t sample_bytes = planes.bits > 8 ? 2 : 1;
  if (planes.samples[0].size() < size.area() * sample_bytes ||
      (!grey &&
       std::min(planes.samples[1].size(), planes.samples[2].size()) < chroma.area() * sample_bytes)) {
    throw Error(ErrorCode::kInternal, "a frame's planes are shorter than its size");
  }
  const auto unit = static_cast<float>(1 << (planes.bits - 8));
  const float top = static_cast<float>((1 << planes.bits) - 1);
  const float black = planes.full_range ? 0 : 16 * unit;
  const float luma_scale = 255 / (planes.full_range ? top : 219 * unit);
  const float middle = 128 * unit;
  const float chroma_scale = 255 / (planes.full_range ? top : 224 * unit);
  const auto red = static_cast<float>(planes.weights.red);
  const auto blue = static_cast<float>(planes.weights.blue);
  const float green = 1 - red - blue;
  const float red_of_cr = 2 * (1 - red) * chroma_scale;
  const float blue_of_cb = 2 * (1 - blue) * chroma_scale;
  const float green_of_cr = red_of_cr * red / green;
  const float green_of_cb = blue_of_cb * blue / green;
  const Plane luma(planes.samples[0], size.width, planes.bits);
  const Plane cb(planes.samples[1], chroma.width, planes.bits);
  const Plane cr(planes.samples[2], chroma.width, planes.bits);
  std::vector<Neighbours> columns(grey ? 0 : static_cast<std::size_t>(size.width));
  for (int x = 0; x < static_cast<int>(columns.size()); ++x) {
    columns[static_cast<std::size_t>(x)] =
        neighbours(x, planes.chroma_step.width, chroma.width, planes.site == ChromaSite::kCentre);
  }
  Image picture{size, std::vector<std::uint8_t>(size.area() * 3)};
  std::uint8_t* to = picture.rgb.data();
  for (int y = 0; y < size.height; ++y) {
    const auto row = static_cast<std::size_t>(y);
    const Neighbours rows =
        grey ? Neighbours{} : neighbours(y, planes.chroma_step.height, chroma.height, true);
    for (std::size_t x = 0; x < static_cast<std::size_t>(size.width); ++x, to += 3) {
      const float light = (luma.at(row, x) - black) * luma_scale;
      float b = 0;
      float r = 0;
      if (!grey) {
        const Neighbours& c = columns[x];
        const auto between = [&](const Plane& plane) {
          const float above =
              plane.at(rows.first, c.first) * (1 - c.weight) + plane.at(rows.first, c.second) * c.weight;
          const float below =
              plane.at(rows.second, c.first) * (1 - c.weight) + plane.at(rows.second, c.second) * c.weight;
          return above * (1 - rows.weight) + below * rows.weight - middle;
        };
        b = between(cb);
        r = between(cr);
      }
      to[0] = rounded(light + red_of_cr * r);
      to[1] = rounded(light - green_of_cr * r - green_of_cb * b);
      to[2] = rounded(light + blue_of_cb * b);
    }
  }
  return picture;
}

Image to_8_bits(std::span<const std::uint16_t> rgb, Size size) {
  Image picture{size, std::vector<std::uint8_t>(size.area() * 3)};
  for (std::size_t i = 0; i < picture.rgb.size(); ++i) {
    picture.rgb[i] = static_cast<std::uint8_t>((std::uint32_t{rgb[i]} * 255 + 32767) / 65535);
  }
  return picture;
}

namespace {

constexpr double kReferenceWhiteNits = 203;  // BT.2408
constexpr int kCodes = 65536;

/// Linear light of each code, in reference whites (PQ) or as scene light 0..1 (HLG).
std::vector<float> linear_table(HdrTransfer transfer) {
  std::vector<float> table(kCodes);
  for (int code = 0; code < kCodes; ++code) {
    const double signal = code / 65535.0;
    double light = 0;
    if (transfer == HdrTransfer::kPq) {
      // SMPTE ST 2084.
      constexpr double kM1 = 2610.0 / 16384;
      constexpr double kM2 = 2523.0 / 4096 * 128;
      constexpr double kC1 = 3424.0 / 4096;
      constexpr double kC2 = 2413.0 / 4096 * 32;
      constexpr double kC3 = 2392.0 / 4096 * 32;
      const double power = std::pow(signal, 1 / kM2);
      light =
          10000 / kReferenceWhiteNits * std::pow(std::max(power - kC1, 0.0) / (kC2 - kC3 * power), 1 / kM1);
    } else {
      // BT.2100, inverse of the HLG OETF.
      constexpr double kA = 0.17883277;
      constexpr double kB = 1 - 4 * kA;
      const double c = 0.5 - kA * std::log(4 * kA);
      light = signal <= 0.5 ? signal * signal / 3 : (std::exp((signal - c) / kA) + kB) / 12;
    }
    table[static_cast<std::size_t>(code)] = static_cast<float>(light);
  }
  return table;
}

std::uint8_t srgb(double light) {
  const double value = light <= 0.0031308 ? 12.92 * light : 1.055 * std::pow(light, 1 / 2.4) - 0.055;
  return static_cast<std::uint8_t>(std::clamp(value, 0.0, 1.0) * 255 + 0.5);
}

/// sRGB of linear light in steps fine enough for every 8-bit value near black.
const std::vector<std::uint8_t>& srgb_table() {
  constexpr std::size_t kSteps = 1 << 16;
  static const std::vector<std::uint8_t> table = [] {
    std::vector<std::uint8_t> values(kSteps + 1);
    for (std::size_t i = 0; i <= kSteps; ++i) values[i] = srgb(static_cast<double>(i) / kSteps);
    return values;
  }();
  return table;
}

/// Up to 0.8 as it is, above bent towards 1.
float bent(float light) {
  constexpr float kKnee = 0.8F;
  return light <= kKnee ? light : kKnee + (1 - kKnee) * (1 - std::exp(-(light - kKnee) / (1 - kKnee)));
}

}  // namespace

Image tone_map(std::span<const std::uint16_t> rgb, Size size, HdrTransfer transfer) {
  static const std::vector<float> pq = linear_table(HdrTransfer::kPq);
  static const std::vector<float> hlg = linear_table(HdrTransfer::kHlg);
  const std::vector<float>& linear = transfer == HdrTransfer::kPq ? pq : hlg;
  const std::vector<std::uint8_t>& curve = srgb_table();
  const auto steps = static_cast<float>(curve.size() - 1);
  constexpr float kHlgPeak = static_cast<float>(1000 / kReferenceWhiteNits);
  constexpr float kHlgGamma = 1.2F;
  Image picture{size, std::vector<std::uint8_t>(size.area() * 3)};
  for (std::size_t i = 0; i < picture.rgb.size(); i += 3) {
    float r = linear[rgb[i]];
    float g = linear[rgb[i + 1]];
    float b = linear[rgb[i + 2]];
    if (transfer == HdrTransfer::kHlg) {
      const float luma = 0.2627F * r + 0.6780F * g + 0.0593F * b;
      const float gain = luma > 0 ? kHlgPeak * std::pow(luma, kHlgGamma - 1) : 0;
      r *= gain;
      g *= gain;
      b *= gain;
    }
    // BT.2020 to BT.709 primaries (BT.2087).
    const float r709 = std::max(0.0F, 1.6605F * r - 0.5876F * g - 0.0728F * b);
    const float g709 = std::max(0.0F, -0.1246F * r + 1.1329F * g - 0.0083F * b);
    const float b709 = std::max(0.0F, -0.0182F * r - 0.1006F * g + 1.1187F * b);
    const float most = std::max({r709, g709, b709});
    const float factor = most > 0 ? bent(most) / most : 0;
    const auto out = [&](float light) {
      return curve[static_cast<std::size_t>(std::clamp(light * factor, 0.0F, 1.0F) * steps + 0.5F)];
    };
    picture.rgb[i] = out(r709);
    picture.rgb[i + 1] = out(g709);
    picture.rgb[i + 2] = out(b709);
  }
  return picture;
}

void keep_first_field(Image& picture, FirstField first) {
  const int rows = picture.size.height;
  const std::size_t row_bytes = static_cast<std::size_t>(picture.size.width) * 3;
  const auto row = [&](int y) { return picture.rgb.data() + static_cast<std::size_t>(y) * row_bytes; };
  for (int y = first == FirstField::kTop ? 1 : 0; y < rows; y += 2) {
    const std::uint8_t* above = y > 0 ? row(y - 1) : y + 1 < rows ? row(y + 1) : row(y);
    const std::uint8_t* below = y + 1 < rows ? row(y + 1) : above;
    std::uint8_t* to = row(y);
    for (std::size_t i = 0; i < row_bytes; ++i)
      to[i] = static_cast<std::uint8_t>((above[i] + below[i] + 1) / 2);
  }
}

Size square_size(Size size, Ratio sample_aspect) {
  if (sample_aspect.num <= 0) return size;
  const double aspect = sample_aspect.value();
  if (aspect > 1) return {size.height, static_cast<int>(std::lround(size.width * aspect))};
  return {static_cast<int>(std::lround(size.height / aspect)), size.width};
}

Image with_square_pixels(Image picture, Ratio sample_aspect) {
  const Size size = square_size(picture.size, sample_aspect);
  if (size == picture.size) return picture;
  return image::resample(picture, size, image::Resampling::kCubic);
}

}  // namespace da3::video
