// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include <engine/kernels/kernels.hpp>

#include "kernel_memory.hpp"

// Winograd's convolutions against plain double precision, in the builds of kernels_test.cpp.
namespace da3::engine::kernels {
namespace tiles_of_avx512 {
const Kernels& table();
}
namespace tiles_of_neon {
const Kernels& table();
}
namespace int16_of_avx512 {
const ConvolutionKernels& int16_convolutions_table();
}
namespace {

struct TailCase {
  std::int64_t in_height, in_width, channels, out_height, out_width, outputs;
  bool with_map;
};

/// The stage written out: upsample everything, convolve, ReLU, 1x1.
std::vector<double> depth_tail(const TailCase& c, const std::vector<float>& input,
                               const std::vector<float>& w3, const std::vector<float>& b3,
                               const std::vector<float>& map, const std::vector<float>& w1,
                               const std::vector<float>& b1) {
  const auto at = [&](std::int64_t y, std::int64_t x, std::int64_t i) {
    return double{input[static_cast<std::size_t>((y * c.in_width + x) * c.channels + i)]};
  };
  std::vector<double> up(static_cast<std::size_t>(c.out_height * c.out_width * c.channels));
  for (std::int64_t y = 0; y < c.out_height; ++y) {
    for (std::int64_t x = 0; x < c.out_width; ++x) {
      const double sy = c.out_height > 1 ? double(y) * double(c.in_height - 1) / double(c.out_height - 1) : 0;
      const double sx = c.out_width > 1 ? double(x) * double(c.in_width - 1) / double(c.out_width - 1) : 0;
      const auto y0 = static_cast<std::int64_t>(sy);
      const auto x0 = static_cast<std::int64_t>(sx);
      const auto y1 = std::min(y0 + 1, c.in_height - 1);
      const auto x1 = std::min(x0 + 1, c.in_width - 1);
      const double fy = sy - double(y0);
      const double fx = sx - double(x0);
      for (std::int64_t i = 0; i < c.channels; ++i) {
        up[static_cast<std::size_t>((y * c.out_width + x) * c.channels + i)] =
            (1 - fy) * ((1 - fx) * at(y0, x0, i) + fx * at(y0, x1, i)) +
            fy * ((1 - fx) * at(y1, x0, i) + fx * at(y1, x1, i));
      }
    }
  }
  std::vector<double> out(static_cast<std::size_t>(c.outputs * c.out_height * c.out_width));
  for (std::int64_t y = 0; y < c.out_height; ++y) {
    for (std::int64_t x = 0; x < c.out_width; ++x) {
      for (std::int64_t o = 0; o < c.outputs; ++o)
        out[static_cast<std::size_t>((o * c.out_height + y) * c.out_width + x)] =
            double{b1[static_cast<std::size_t>(o)]};
      for (std::int64_t m = 0; m < kTailChannels; ++m) {
        double sum = double{b3[static_cast<std::size_t>(m)]};
        if (c.with_map) {
          // First, inner or last.
          const std::int64_t row = y == 0 ? 0 : y < c.out_height - 1 ? 1 : 2;
          const std::int64_t column = x == 0 ? 0 : x < c.out_width - 1 ? 1 : 2;
          const std::int64_t in_rows = 3 * c.out_width + 3 * y + column;
          sum += double{map[static_cast<std::size_t>((row * c.out_width + x) * kTailChannels + m)]} +
                 double{map[static_cast<std::size_t>(in_rows * kTailChannels + m)]};
        }
        for (std::int64_t tap = 0; tap < 9; ++tap) {
          const std::int64_t v = y + tap / 3 - 1;
          const std::int64_t u = x + tap % 3 - 1;
          if (v < 0 || u < 0 || v >= c.out_height || u >= c.out_width) continue;
          for (std::int64_t i = 0; i < c.channels; ++i) {
            sum += up[static_cast<std::size_t>((v * c.out_width + u) * c.channels + i)] *
                   double{w3[static_cast<std::size_t>((m * 9 + tap) * c.channels + i)]};
          }
        }
        for (std::int64_t o = 0; o < c.outputs; ++o) {
          out[static_cast<std::size_t>((o * c.out_height + y) * c.out_width + x)] +=
              std::max(sum, 0.0) * double{w1[static_cast<std::size_t>(o * kTailChannels + m)]};
        }
      }
    }
  }
  return out;
}

/// Winograd's convolutions of a build, float32 or with 16-bit codes.
class Convolutions : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string build = GetParam();
    codes_ = build.starts_with("int16");
    const Kernels* const floats = build == "avx512_tiles" ? &tiles_of_avx512::table()
                                  : build == "neon_tiles" ? &tiles_of_neon::table()
                                                          : kernels_named(build.c_str());
    kernels_ = build == "int16"                ? int16_convolutions()
               : build == "int16_avx512_tiles" ? &int16_of_avx512::int16_convolutions_table()
               : floats != nullptr             ? &floats->convolution
                                               : nullptr;
    if (kernels_ == nullptr) GTEST_SKIP() << "there is no build of the kernels for this processor";
  }

  std::vector<float> packed(const std::vector<float>& weights, std::int64_t in, std::int64_t out) const {
    std::vector<float> result = unwritten(kernels_->packed_floats(in, out));
    for (std::int64_t panel = 0; panel * kernels_->panel < out; ++panel)
      kernels_->pack(weights.data(), in, out, panel, result.data());
    return result;
  }

  const ConvolutionKernels* kernels_ = nullptr;
  bool codes_ = false;
};

TEST_P(Convolutions, DepthTailEqualsItsFourSteps) {
  const std::vector<TailCase> cases{{1, 1, 16, 1, 1, 1, false},    {5, 3, 16, 9, 5, 2, true},
                                    {8, 8, 32, 14, 14, 2, true},   {9, 40, 32, 17, 70, 1, false},
                                    {12, 33, 64, 21, 63, 2, true}, {7, 16, 128, 13, 29, 1, true}};
  for (const TailCase& c : cases) {
    const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
    const auto input = random_values(size(c.in_height * c.in_width * c.channels), 1, 1);
    const auto w3 = random_values(size(kTailChannels * c.channels * 9), 0.1F, 2);
    const auto b3 = random_values(size(kTailChannels), 1, 3);
    const auto map = random_values(size(3 * (c.out_height + c.out_width) * kTailChannels), 1, 4);
    const auto w1 = random_values(size(c.outputs * kTailChannels), 0.2F, 5);
    const auto b1 = random_values(size(c.outputs), 1, 6);
    const std::vector<float> weights3 = packed(w3, c.channels, kTailChannels);
    std::vector<float> out(size(c.outputs * c.out_height * c.out_width), -99.0F);
    std::vector<float> scratch = unwritten(kernels_->tail_scratch_floats(c.channels));
    const DepthTail tail{.source = {.input = input.data(),
                                    .in_height = c.in_height,
                                    .in_width = c.in_width,
                                    .channels = c.channels,
                                    .out_height = c.out_height,
                                    .out_width = c.out_width},
                         .weights3 = weights3.data(),
                         .bias3 = b3.data(),
                         .map = c.with_map ? map.data() : nullptr,
                         .weights1 = w1.data(),
                         .bias1 = b1.data(),
                         .num_outputs = c.outputs,
                         .out = out.data()};
    const ExpectsWrittenMemory check;
    for (std::int64_t y = 0; y < c.out_height; y += kernels_->tile_rows) {
      for (std::int64_t x = 0; x < c.out_width; x += kernels_->tail_tile_columns(c.channels)) {
        kernels_->depth_tail(tail, y, x, scratch.data());
      }
    }
    const auto expected = depth_tail(c, input, w3, b3, map, w1, b1);
    for (std::size_t i = 0; i < out.size(); ++i) {
      // 9 * 128 products of float32 around 0.1, then 32 around 0.5: rounding of 2e-5 at the most. Codes have
      // 10 bits after the transforms.
      const double share = codes_ ? 2e-2 : 4e-5;
      ASSERT_NEAR(out[i], expected[i], share * std::max(1.0, std::abs(expected[i])))
          << c.channels << " channels, value " << i;
    }
  }
}

struct ConvolutionCase {
  std::int64_t height, width, in, out;
  bool relu, bias, residual;
};

/// One output of a 3x3 convolution in double; the caller adds bias and residual.
double convolution_at(const ConvolutionCase& c, const std::vector<float>& input,
                      const std::vector<float>& weights, std::int64_t y, std::int64_t x, std::int64_t o) {
  double sum = 0;
  for (std::int64_t tap = 0; tap < 9; ++tap) {
    const std::int64_t v = y + tap / 3 - 1;
    const std::int64_t u = x + tap % 3 - 1;
    if (v < 0 || u < 0 || v >= c.height || u >= c.width) continue;
    for (std::int64_t i = 0; i < c.in; ++i) {
      const double value = double{input[static_cast<std::size_t>((v * c.width + u) * c.in + i)]};
      sum += (c.relu ? std::max(value, 0.0) : value) *
             double{weights[static_cast<std::size_t>((o * 9 + tap) * c.in + i)]};
    }
  }
  return sum;
}

TEST_P(Convolutions, WinogradEqualsTheConvolution) {
  // Maps that end within a tile, more tiles than a block has, and channels that fill no panel.
  const std::vector<ConvolutionCase> cases{
      {1, 1, 16, 16, false, false, false},  {4, 4, 32, 16, true, true, false},
      {5, 7, 16, 48, true, true, true},     {9, 30, 64, 32, false, true, true},
      {30, 33, 16, 16, true, false, false}, {6, 13, 512, 32, false, true, false}};
  const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
  for (const ConvolutionCase& c : cases) {
    const auto input = random_values(size(c.height * c.width * c.in), 1, 1);
    const auto weights =
        random_values(size(c.out * 9 * c.in), 1 / std::sqrt(9.0F * static_cast<float>(c.in)), 2);
    const auto bias = random_values(size(c.out), 1, 3);
    const auto residual = random_values(size(c.height * c.width * c.out), 1, 4);
    const std::vector<float> transformed = packed(weights, c.in, c.out);
    std::vector<float> out(residual.size(), -99.0F);
    const Convolution convolution{.input = input.data(),
                                  .height = c.height,
                                  .width = c.width,
                                  .in_channels = c.in,
                                  .out_channels = c.out,
                                  .relu = c.relu,
                                  .weights = transformed.data(),
                                  .bias = c.bias ? bias.data() : nullptr,
                                  .residual = c.residual ? residual.data() : nullptr,
                                  .out = out.data()};
    std::vector<float> scratch = unwritten(kernels_->scratch_floats(convolution));
    const std::int64_t tiles = (c.height + 3) / 4 * ((c.width + 3) / 4);
    const std::int64_t middle = std::min(tiles, kernels_->group);
    const ExpectsWrittenMemory check;
    kernels_->convolve(convolution, 0, middle, scratch.data());
    kernels_->convolve(convolution, middle, tiles, scratch.data());
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      double expected =
          convolution_at(c, input, weights, at / c.out / c.width, at / c.out % c.width, at % c.out);
      if (c.bias) expected += double{bias[i % bias.size()]};
      if (c.residual) expected += double{residual[i]};
      // Sums of size 1. The transforms lose about five bits against the direct form, more with many channels.
      ASSERT_NEAR(out[i], expected, codes_ ? 3e-2 : 1e-4)
          << c.height << "x" << c.width << ", " << c.in << " to " << c.out << ", value " << i;
    }
  }
}

TEST_P(Convolutions, OfUpsampledImagesEqualBothSteps) {
  const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
  // One pixel, more than a tile, an image that becomes smaller.
  for (const auto& [in_height, in_width, channels, height, width, outputs] :
       {std::tuple{1, 1, 16, 1, 1, 16}, std::tuple{11, 37, 32, 21, 73, 48},
        std::tuple{12, 30, 16, 9, 14, 16}}) {
    const auto input = random_values(size(in_height * in_width * channels), 1, 1);
    const auto weights = random_values(size(outputs * 9 * channels), 0.1F, 2);
    const auto bias = random_values(size(outputs), 1, 3);
    std::vector<float> up(size(height * width * channels));
    for (std::int64_t y = 0; y < height; ++y) {
      const double sy = height > 1 ? double(y) * (in_height - 1) / (height - 1) : 0;
      const auto y0 = static_cast<std::int64_t>(sy);
      const auto y1 = std::min<std::int64_t>(y0 + 1, in_height - 1);
      for (std::int64_t x = 0; x < width; ++x) {
        const double sx = width > 1 ? double(x) * (in_width - 1) / (width - 1) : 0;
        const auto x0 = static_cast<std::int64_t>(sx);
        const auto x1 = std::min<std::int64_t>(x0 + 1, in_width - 1);
        for (std::int64_t i = 0; i < channels; ++i) {
          const auto at = [&](std::int64_t v, std::int64_t u) {
            return double{input[size((v * in_width + u) * channels + i)]};
          };
          const double fy = sy - double(y0);
          const double fx = sx - double(x0);
          up[size((y * width + x) * channels + i)] =
              static_cast<float>((1 - fy) * ((1 - fx) * at(y0, x0) + fx * at(y0, x1)) +
                                 fy * ((1 - fx) * at(y1, x0) + fx * at(y1, x1)));
        }
      }
    }
    const std::vector<float> transformed = packed(weights, channels, outputs);
    std::vector<float> out(size(height * width * outputs), -99.0F);
    std::vector<float> scratch = unwritten(kernels_->upsampled_scratch_floats(channels, outputs));
    const UpsampledConvolution convolution{.source = {.input = input.data(),
                                                      .in_height = in_height,
                                                      .in_width = in_width,
                                                      .channels = channels,
                                                      .out_height = height,
                                                      .out_width = width},
                                           .out_channels = outputs,
                                           .weights = transformed.data(),
                                           .bias = bias.data(),
                                           .out = out.data()};
    const ExpectsWrittenMemory check;
    for (std::int64_t y = 0; y < height; y += kernels_->tile_rows) {
      for (std::int64_t x = 0; x < width; x += kernels_->tile_columns)
        kernels_->convolve_upsampled(convolution, y, x, scratch.data());
    }
    const ConvolutionCase c{height, width, channels, outputs, false, true, false};
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      const double expected =
          convolution_at(c, up, weights, at / outputs / width, at / outputs % width, at % outputs) +
          double{bias[i % bias.size()]};
      ASSERT_NEAR(out[i], expected, codes_ ? 3e-2 : 1e-4) << height << "x" << width << ", value " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Builds, Convolutions,
                         ::testing::Values("avx2", "avx512", "neon", "avx512_tiles", "neon_tiles", "int16",
                                           "int16_avx512_tiles"),
                         [](const auto& build) { return std::string(build.param); });

}  // namespace
}  // namespace da3::engine::kernels
