// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <engine/kernels/int16-inl.hpp>
#include <engine/kernels/kernels.hpp>
#include <engine/kernels/tail-inl.hpp>
#include <engine/kernels/winograd-inl.hpp>

// Winograd's convolutions with 16-bit codes of the transformed inputs (a scale for each tile and point) and
// weights (a scale for each output and point). The transforms multiply what rounding adds by ten to twenty,
// so the 8 bits of bfloat16 would lose all but five of a result; the codes keep ten.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

struct Int16Winograd {
  static constexpr Index kPerFloat = 2;

  struct Step {
    static Vec add(Vec sum, const float* a, Vec b) {
      return add_products16(sum, *reinterpret_cast<const Word16*>(a), b);
    }
  };

  static Index scale_floats(Index outputs) { return outputs; }
  /// A tile's transformed inputs, then what a code stands for at each (tile of the block, point).
  static Index tile_floats(Index in_channels) { return kPoints * in_channels + kScales * kBlockTiles; }

  static void pack(const float* weights, Index in_channels, Index out_channels, Index panel, float* packed) {
    const Index padded = round_up(out_channels, kPanel);
    const Index point_stride = in_channels / 2 * padded;
    float codes[kPoints][kPanel];
    put_codes_of_weights(weights, in_channels, out_channels, panel, codes);
    float* const scales = packed + kPoints * point_stride + panel * kPanel;
    for (Index point = 0; point < kPoints; ++point) {
      for (Index lane = 0; lane < kPanel; ++lane)
        scales[point * padded + lane] = value_of_one_weight(codes[point][lane]);
    }
    // Kept transformed weights would take more than the stack has.
    for (Index in = 0; in < in_channels; in += kWidth) {
      const KernelPoints points(weights, in_channels, out_channels, panel, in);
      for (Index point = 0; point < kPoints; ++point) {
        auto* const to =
            reinterpret_cast<Word16*>(packed + point * point_stride + panel * in_channels / 2 * kPanel);
        for (Index first = 0; first < kPanel; first += kWidth) {
          Vec channels[kWidth];
          points.put_channels(point, first, channels);
          const Vec lane_codes = load(&codes[point][first]);
          for (Index i = 0; i < kWidth; ++i) {
            const Index place = place_of_code(in + i, in_channels);
            const auto rounded = (Words16)(channels[i] * lane_codes + kToInteger);
            Word16* const at = to + place / 2 * kPanel + first;
            if (place % 2 == 0) {
              // Not read before: a page that is read first is copied when it is written.
              *reinterpret_cast<Words16*>(at) = rounded & 0xFFFF;
            } else {
              *reinterpret_cast<Words16*>(at) = *reinterpret_cast<const Words16*>(at) | (rounded << 16);
            }
          }
        }
      }
    }
  }

  template <bool kRelu>
  static void put_tile(const Convolution& c, const WinogradBlock& block, Index tile, Index t) {
    const Index channels = c.in_channels;
    const auto points_of = [=](Index i) { return block.tile + i * kPoints; };
    transform_inputs<kRelu>(c, tile, points_of, kWidth, block.zeros);
    float codes[kScales];
    float* const scales = scales_of(c, block) + t * kScales;
    const auto put_scales = [&](Index first, Vec squares) {
      const RowCodes rows = row_codes(squares);
      store(scales + first, rows.values);
      store(codes + first, rows.codes);
    };
    constexpr Index kLast = kPoints / kWidth * kWidth;
    for (Index first = 0; first < kLast; first += kWidth)
      put_scales(first, squares_of<kWidth>(block.tile + first * kWidth, channels));
    put_scales(kLast, squares_of<kPoints - kLast>(block.tile + kLast * kWidth, channels));
    float* const to = block.inputs + t * channels / 2;
    Index i = 0;
    for (; i + 2 * kWidth <= channels; i += 2 * kWidth) {
      const float* from = points_of(i);
      float* at = to + i / 2;
#pragma GCC unroll 4
      for (Index p = 0; p < kPoints; ++p, from += kWidth, at += block.input_stride) {
        *reinterpret_cast<Words16*>(at) =
            pairs_of_codes(load(from) * codes[p], load(from + kPoints * kWidth) * codes[p]);
      }
    }
    if (i == channels) return;
    for (Index p = 0; p < kPoints; ++p) {
      put_last_codes(load(points_of(i) + p * kWidth) * codes[p],
                     reinterpret_cast<Word16*>(to + p * block.input_stride + i / 2));
    }
  }

  class Outputs {
   public:
    Outputs(const Convolution& c, const WinogradBlock& block, Index t)
        : weights_(c.weights + kPoints * (c.in_channels / 2 * block.padded)),
          stride_(block.padded),
          inputs_(scales_of(c, block) + t * kScales) {}
    Vec of(Vec sum, Index point, Index output) const {
      return __builtin_convertvector((IVec)sum, Vec) *
             (load(weights_ + point * stride_ + output) * inputs_[point]);
    }

   private:
    const float* weights_;
    Index stride_;
    const float* inputs_;
  };

 private:
  /// Codes for a weight of 1 of each (point, output of the panel).
  static void put_codes_of_weights(const float* weights, Index in_channels, Index out_channels, Index panel,
                                   float (&codes)[kPoints][kPanel]) {
    Vec squares[kPoints][kPanel] = {};
    Vec most[kPoints][kPanel] = {};
    for (Index in = 0; in < in_channels; in += kWidth) {
      const KernelPoints points(weights, in_channels, out_channels, panel, in);
      for (Index point = 0; point < kPoints; ++point) {
        for (Index lane = 0; lane < kPanel; ++lane) {
          const Vec value = points.values[point][lane];
          squares[point][lane] += value * value;
          most[point][lane] = max(most[point][lane], max(value, -value));
        }
      }
    }
    for (Index point = 0; point < kPoints; ++point) {
      for (Index lane = 0; lane < kPanel; ++lane) {
        codes[point][lane] =
            codes_of_one_weight(folded_sum(squares[point][lane]),
                                folded(most[point][lane], [](Vec a, Vec b) { return max(a, b); }));
      }
    }
  }

  /// Sums over a tile's channels of the squares of kCount points, a point a lane; 0 in the other lanes.
  template <Index kCount>
  static Vec squares_of(const float* points, Index channels) {
    static_assert(0 < kCount && kCount <= kWidth);
    Vec squares[kWidth] = {};
    for (Index i = 0; i < channels; i += kWidth, points += kPoints * kWidth) {
#pragma GCC unroll 16
      for (Index p = 0; p < kCount; ++p) {
        const Vec values = load(points + p * kWidth);
        squares[p] += values * values;
      }
    }
    return sums_of_rows(squares);
  }

  static constexpr Index kScales = (kPoints + kWidth - 1) / kWidth * kWidth;

  static float* scales_of(const Convolution& c, const WinogradBlock& block) {
    return block.tile + kPoints * c.in_channels;
  }
};

}  // namespace

const ConvolutionKernels& int16_convolutions_table() {
  static constexpr ConvolutionKernels kTable = convolution_kernels<Int16Winograd>();
  return kTable;
}

}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
