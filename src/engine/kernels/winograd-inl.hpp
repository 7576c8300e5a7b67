// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <engine/kernels/kernels.hpp>
#include <engine/kernels/transpose-inl.hpp>
#include <engine/kernels/vectors-inl.hpp>

// 3x3 convolution, stride 1, zero padding, channels last, by Winograd's F(4x4, 3x3) with the points 0, 1,
// -1, 2, -2 and infinity (Lavin and Gray 2015): 36 products for 16 outputs, where the direct form takes 144.
//
// What the factors of the products are is said by a type:
//   kPerFloat: factors in the room of one float32, adjacent ones along the input channels
//   Step: of multiply_tile, over kPerFloat factors
//   scale_floats(outputs), tile_floats(in_channels): room behind packed weights, and for a tile, if it needs
//   some pack(...): one panel of transformed weights as factors put_tile<kRelu>(...): the transformed inputs
//   of a tile as factors Outputs(c, block, t): of a tile, of(sum, point, output): results of multiply_tile as
//   float32
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

constexpr Index kOutTile = 4;                 // outputs of a tile along an axis
constexpr Index kInTile = 6;                  // inputs of a tile along an axis
constexpr Index kPoints = kInTile * kInTile;  // products of a tile
constexpr Index kSetPadding = 16;             // keeps the points of a tile out of the same cache set

/// Tiles that are computed together; more of them leave the second-level cache.
constexpr Index kBlockTiles = 24 / kRows * kRows;

/// B^T d of one row or column, in place.
inline void input_transform(Vec& d0, Vec& d1, Vec& d2, Vec& d3, Vec& d4, Vec& d5) {
  const Vec even = d4 - 4.0F * d2;
  const Vec odd = d3 - 4.0F * d1;
  const Vec even2 = d4 - d2;
  const Vec odd2 = 2.0F * (d3 - d1);
  d0 = 4.0F * d0 - 5.0F * d2 + d4;
  d5 = 4.0F * d1 - 5.0F * d3 + d5;
  d1 = even + odd;
  d2 = even - odd;
  d3 = even2 + odd2;
  d4 = even2 - odd2;
}

/// A^T m of one row or column.
inline void output_transform(const Vec m[kInTile], Vec to[kOutTile]) {
  const Vec sum = m[1] + m[2];
  const Vec difference = m[1] - m[2];
  const Vec sum2 = m[3] + m[4];
  const Vec difference2 = m[3] - m[4];
  to[0] = m[0] + sum + sum2;
  to[1] = difference + 2.0F * difference2;
  to[2] = sum + 4.0F * sum2;
  to[3] = difference + 8.0F * difference2 + m[5];
}

/// G g of one row or column of a kernel.
inline void kernel_transform(const Vec g[3], Vec u[kInTile]) {
  const Vec even = g[0] + g[2];
  const Vec even2 = g[0] + 4.0F * g[2];
  u[0] = g[0] * 0.25F;
  u[1] = (even + g[1]) / -6.0F;
  u[2] = (even - g[1]) / -6.0F;
  u[3] = (even2 + 2.0F * g[1]) / 24.0F;
  u[4] = (even2 - 2.0F * g[1]) / 24.0F;
  u[5] = g[2];
}

/// Transformed weights of kWidth input channels for the outputs of a panel; a vector's lanes are the
/// channels.
struct KernelPoints {
  Vec values[kPoints][kPanel];

  /// weights: (out_channels, 3, 3, in_channels); outputs beyond the last are zero.
  KernelPoints(const float* weights, Index in_channels, Index out_channels, Index panel, Index in) {
    for (Index lane = 0; lane < kPanel; ++lane) {
      const Index out = panel * kPanel + lane;
      Vec half[3][kInTile];
      for (Index row = 0; row < 3; ++row) {
        Vec g[3];
        for (Index column = 0; column < 3; ++column)
          g[column] =
              out < out_channels ? load(weights + ((out * 3 + row) * 3 + column) * in_channels + in) : Vec{};
        kernel_transform(g, half[row]);
      }
      for (Index column = 0; column < kInTile; ++column) {
        const Vec g[3] = {half[0][column], half[1][column], half[2][column]};
        Vec u[kInTile];
        kernel_transform(g, u);
        for (Index row = 0; row < kInTile; ++row) values[row * kInTile + column][lane] = u[row];
      }
    }
  }

  /// Of kWidth outputs from `first` on: a vector is a channel's, its lanes are the outputs.
  void put_channels(Index point, Index first, Vec (&channels)[kWidth]) const {
    for (Index lane = 0; lane < kWidth; ++lane) channels[lane] = values[point][first + lane];
    transpose_by_blocks<int{kWidth / 2}>(channels);
  }
};

template <typename Products>
Index winograd_packed_floats(Index in_channels, Index out_channels) {
  const Index padded = round_up(out_channels, kPanel);
  return kPoints * (in_channels * padded / Products::kPerFloat + Products::scale_floats(padded));
}

/// (out_channels, 3, 3, in_channels) to (point, panel of outputs, in_channels / kPerFloat, kPanel), then what
/// belongs to (point, output), for one panel.
template <typename Products>
void pack_winograd(const float* weights, Index in_channels, Index out_channels, Index panel, float* packed) {
  Products::pack(weights, in_channels, out_channels, panel, packed);
}

template <typename Products>
Index winograd_scratch_floats(const Convolution& c) {
  const Index padded = round_up(c.out_channels, kPanel);
  return kPoints * (kBlockTiles * (c.in_channels / Products::kPerFloat + padded) + 2 * kSetPadding) +
         c.in_channels + Products::tile_floats(c.in_channels);
}

inline Index out_height(const Convolution& c) {
  return c.height + 2 * c.padding - 2;
}

inline Index out_width(const Convolution& c) {
  return c.width + 2 * c.padding - 2;
}

inline Index tiles_across(const Convolution& c) {
  return (out_width(c) + kOutTile - 1) / kOutTile;
}

struct WinogradBlock {
  float* inputs;       // (point, tiles, in_channels / kPerFloat)
  float* products;     // (point, tiles, padded outputs)
  float* zeros;        // (in_channels): what lies outside the picture
  float* tile;         // what put_tile and product share
  Index input_stride;  // of a point
  Index product_stride;
  Index padded;  // out_channels, a multiple of kPanel
};

/// B^T d B of kWidth channels of a tile, `from(y, x)` their inputs: point p at to + p * stride.
// Columns go through memory: of 36 vectors in registers GCC 12 keeps few there.
template <bool kRelu, typename From>
__attribute__((always_inline)) inline void transform_tile(From from, float* to, Index stride) {
  alignas(64) float half[kPoints * kWidth];
  const auto column = [&](Index x) __attribute__((always_inline)) {
    Vec d[kInTile];
#pragma GCC unroll 6
    for (Index y = 0; y < kInTile; ++y) {
      const Vec value = load(from(y, x));
      d[y] = kRelu ? max(value, Vec{}) : value;
    }
    input_transform(d[0], d[1], d[2], d[3], d[4], d[5]);
#pragma GCC unroll 6
    for (Index y = 0; y < kInTile; ++y) store(half + (y * kInTile + x) * kWidth, d[y]);
  };
  if constexpr (kRelu) {
    // These inputs are maps, not tiles of the cache: all loads at once.
#pragma GCC unroll 6
    for (Index x = 0; x < kInTile; ++x) column(x);
  } else {
#pragma GCC unroll 2
    for (Index x = 0; x < kInTile; ++x) column(x);
  }
#pragma GCC unroll 2
  for (Index y = 0; y < kInTile; ++y) {
    Vec d[kInTile];
#pragma GCC unroll 6
    for (Index x = 0; x < kInTile; ++x) d[x] = load(half + (y * kInTile + x) * kWidth);
    input_transform(d[0], d[1], d[2], d[3], d[4], d[5]);
#pragma GCC unroll 6
    for (Index x = 0; x < kInTile; ++x, to += stride) store(to, d[x]);
  }
}

/// The transformed inputs of a tile: point p of channels [i, i + kWidth) at to(i) + p * stride.
template <bool kRelu, typename To>
inline void transform_inputs(const Convolution& c, Index tile, To to, Index stride, const float* zeros) {
  const Index across = tiles_across(c);
  const Index top = tile / across * kOutTile - c.padding;
  const Index left = tile % across * kOutTile - c.padding;
  const Index channels = c.in_channels;
  if (top >= 0 && left >= 0 && top + kInTile <= c.height && left + kInTile <= c.width) {
    const float* const corner = c.input + (top * c.width + left) * channels;
    const Index line = c.width * channels;
    for (Index i = 0; i < channels; i += kWidth) {
      transform_tile<kRelu>([=](Index y, Index x) { return corner + i + y * line + x * channels; }, to(i),
                            stride);
    }
    return;
  }
  const float* inputs[kPoints];
  for (Index y = 0; y < kInTile; ++y) {
    for (Index x = 0; x < kInTile; ++x) {
      const Index row = top + y;
      const Index column = left + x;
      const bool inside = row >= 0 && row < c.height && column >= 0 && column < c.width;
      inputs[y * kInTile + x] = inside ? c.input + (row * c.width + column) * channels : zeros;
    }
  }
  for (Index i = 0; i < channels; i += kWidth)
    transform_tile<kRelu>([&](Index y, Index x) { return inputs[y * kInTile + x] + i; }, to(i), stride);
}

/// Where a tile's outputs go.
struct OutputTile {
  float* out;             // its top left corner
  const float* residual;  // added to them, or null
  Index line;             // floats from a row to the next
  Index rows;             // what of it lies in the picture
  Index columns;
};

/// Outputs of kWidth channels.
template <bool kWhole, bool kResidual>
inline void store_outputs(const OutputTile& tile, const Vec (&rows)[kOutTile][kInTile], Vec bias,
                          Index channels) {
#pragma GCC unroll 4
  for (Index y = 0; y < kOutTile; ++y) {
    if (!kWhole && y >= tile.rows) return;
    Vec values[kOutTile];
    output_transform(rows[y], values);
#pragma GCC unroll 4
    for (Index x = 0; x < kOutTile; ++x) {
      if (!kWhole && x >= tile.columns) continue;
      const Index at = y * tile.line + x * channels;
      Vec value = values[x] + bias;
      if (kResidual) value += load(tile.residual + at);
      store(tile.out + at, value);
    }
  }
}

/// The outputs of tile `first + t` from the products of tile t of the block.
template <typename Products>
inline void transform_outputs(const Convolution& c, const WinogradBlock& block, Index first, Index t) {
  const Index across = tiles_across(c);
  const Index top = (first + t) / across * kOutTile;
  const Index left = (first + t) % across * kOutTile;
  const Index line = (c.out_stride != 0 ? c.out_stride : out_width(c)) * c.out_channels;
  const Index corner = top * line + left * c.out_channels;
  OutputTile tile{.out = c.out + corner,
                  .residual = c.residual != nullptr ? c.residual + corner : nullptr,
                  .line = line,
                  .rows = least(kOutTile, out_height(c) - top),
                  .columns = least(kOutTile, out_width(c) - left)};
  const bool whole = tile.rows == kOutTile && tile.columns == kOutTile;
  const Index stride = block.product_stride;
  const typename Products::Outputs outputs(c, block, t);
  for (Index i = 0; i < c.out_channels; i += kWidth) {
    Vec rows[kOutTile][kInTile];
#pragma GCC unroll 6
    for (Index x = 0; x < kInTile; ++x) {
      const float* from = block.products + t * block.padded + x * stride + i;
      Vec column[kInTile];
#pragma GCC unroll 6
      for (Index y = 0; y < kInTile; ++y, from += kInTile * stride)
        column[y] = outputs.of(load(from), y * kInTile + x, i);
      Vec transformed[kOutTile];
      output_transform(column, transformed);
#pragma GCC unroll 4
      for (Index y = 0; y < kOutTile; ++y) rows[y][x] = transformed[y];
    }
    const Vec bias = c.bias != nullptr ? load(c.bias + i) : Vec{};
    if (!whole) {
      tile.residual != nullptr ? store_outputs<false, true>(tile, rows, bias, c.out_channels)
                               : store_outputs<false, false>(tile, rows, bias, c.out_channels);
    } else {
      tile.residual != nullptr ? store_outputs<true, true>(tile, rows, bias, c.out_channels)
                               : store_outputs<true, false>(tile, rows, bias, c.out_channels);
    }
    tile.out += kWidth;
    if (tile.residual != nullptr) tile.residual += kWidth;
  }
}

/// Rows [begin, end): those that fill the last register tile, which multiplies them too.
template <typename Products>
inline void zero_inputs(const Convolution& c, const WinogradBlock& block, Index begin, Index end) {
  const Index depth = c.in_channels / Products::kPerFloat;
  for (Index point = 0; point < kPoints; ++point) {
    float* const inputs = block.inputs + point * block.input_stride;
    for (Index i = begin * depth; i < end * depth; ++i) inputs[i] = 0;
  }
}

template <typename Products>
inline void multiply_points(const Convolution& c, const WinogradBlock& block, Index tiles) {
  const Index depth = c.in_channels / Products::kPerFloat;
  const Index point_stride = depth * block.padded;
  for (Index point = 0; point < kPoints; ++point) {
    const float* inputs = block.inputs + point * block.input_stride;
    float* products = block.products + point * block.product_stride;
    for (Index out = 0; out < block.padded; out += kPanel) {
      const float* panel = c.weights + point * point_stride + out * depth;
      for (Index t = 0; t < tiles; t += kRows) {
        multiply_tile<false, typename Products::Step>(inputs + t * depth, depth, panel, depth,
                                                      products + t * block.padded + out, block.padded);
      }
    }
  }
}

template <typename Products>
void winograd(const Convolution& c, Index begin, Index end, float* scratch) {
  WinogradBlock block{};
  block.padded = round_up(c.out_channels, kPanel);
  block.input_stride = kBlockTiles * c.in_channels / Products::kPerFloat + kSetPadding;
  block.product_stride = kBlockTiles * block.padded + kSetPadding;
  block.inputs = scratch;
  block.products = block.inputs + kPoints * block.input_stride;
  block.zeros = block.products + kPoints * block.product_stride;
  block.tile = block.zeros + c.in_channels;
  for (Index i = 0; i < c.in_channels; ++i) block.zeros[i] = 0;
  for (Index first = begin; first < end; first += kBlockTiles) {
    const Index count = least(kBlockTiles, end - first);
    for (Index t = 0; t < count; ++t) {
      if (c.relu) {
        Products::template put_tile<true>(c, block, first + t, t);
      } else {
        Products::template put_tile<false>(c, block, first + t, t);
      }
    }
    zero_inputs<Products>(c, block, count, round_up(count, kRows));
    multiply_points<Products>(c, block, count);
    for (Index t = 0; t < count; ++t) transform_outputs<Products>(c, block, first, t);
  }
}

struct FloatWinograd {
  static constexpr Index kPerFloat = 1;
  using Step = FloatStep;

  static Index scale_floats(Index /*outputs*/) { return 0; }
  static Index tile_floats(Index /*in_channels*/) { return 0; }

  static void pack(const float* weights, Index in_channels, Index out_channels, Index panel, float* packed) {
    const Index point_stride = in_channels * round_up(out_channels, kPanel);
    for (Index in = 0; in < in_channels; in += kWidth) {
      const KernelPoints points(weights, in_channels, out_channels, panel, in);
      for (Index point = 0; point < kPoints; ++point) {
        float* const to = packed + point * point_stride + (panel * in_channels + in) * kPanel;
        for (Index first = 0; first < kPanel; first += kWidth) {
          Vec channels[kWidth];
          points.put_channels(point, first, channels);
          for (Index i = 0; i < kWidth; ++i) store(to + i * kPanel + first, channels[i]);
        }
      }
    }
  }

  template <bool kRelu>
  static void put_tile(const Convolution& c, const WinogradBlock& block, Index tile, Index t) {
    float* const to = block.inputs + t * c.in_channels;
    transform_inputs<kRelu>(c, tile, [=](Index i) { return to + i; }, block.input_stride, block.zeros);
  }

  struct Outputs {
    Outputs(const Convolution& /*c*/, const WinogradBlock& /*block*/, Index /*t*/) {}
    static Vec of(Vec sum, Index /*point*/, Index /*output*/) { return sum; }
  };
};

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
