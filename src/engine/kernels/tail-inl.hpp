// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <engine/kernels/kernels.hpp>
#include <engine/kernels/vectors-inl.hpp>
#include <engine/kernels/winograd-inl.hpp>

// The last stage of a depth head, tile by tile.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

constexpr Index kTileRows = 8;
constexpr Index kHaloRows = kTileRows + 2;

/// Columns of a tile, so that its upsampled input and the points of its convolution stay in the second-level
/// cache.
Index tail_tile_columns(Index channels) {
  return channels > 64 ? 24 : 48;
}

/// The 3x3 convolution of a tile with that many columns: of its halo, so without padding.
inline Convolution tail_convolution(Index channels, Index columns) {
  return {.height = kHaloRows,
          .width = columns + 2,
          .in_channels = channels,
          .out_channels = kTailChannels,
          .padding = 0};
}

Index tail_scratch_floats(Index channels) {
  const Index columns = tail_tile_columns(channels);
  return kHaloRows * (columns + 2) * channels + kTileRows * columns * kTailChannels +
         winograd_scratch_floats(tail_convolution(channels, columns));
}

struct Interpolation {
  Index low;
  Index high;
  float fraction;
};

/// Where output position `at` of `out_size` lies between inputs: align_corners = True.
inline Interpolation between(Index at, Index in_size, Index out_size) {
  const float scale =
      out_size > 1 ? static_cast<float>(in_size - 1) / static_cast<float>(out_size - 1) : 0.0F;
  const float position = scale * static_cast<float>(at);
  const Index low = least(static_cast<Index>(position), in_size - 1);
  return {low, least(low + 1, in_size - 1), position - static_cast<float>(low)};
}

/// The upsampled input around a tile, (kHaloRows, halo_columns, C); zero outside the picture, as the padding
/// is.
inline void upsample_tile(const DepthTail& t, Index row, Index column, Index halo_columns, float* halo) {
  const Index c = t.channels;
  for (Index y = 0; y < kHaloRows; ++y) {
    const Index out_y = row + y - 1;
    const bool row_inside = out_y >= 0 && out_y < t.out_height;
    const Interpolation iy = between(row_inside ? out_y : 0, t.in_height, t.out_height);
    for (Index x = 0; x < halo_columns; ++x) {
      const Index out_x = column + x - 1;
      float* to = halo + (y * halo_columns + x) * c;
      if (!row_inside || out_x < 0 || out_x >= t.out_width) {
        for (Index i = 0; i < c; i += kWidth) store(to + i, Vec{});
        continue;
      }
      const Interpolation ix = between(out_x, t.in_width, t.out_width);
      const float* top_left = t.input + (iy.low * t.in_width + ix.low) * c;
      const float* top_right = t.input + (iy.low * t.in_width + ix.high) * c;
      const float* low_left = t.input + (iy.high * t.in_width + ix.low) * c;
      const float* low_right = t.input + (iy.high * t.in_width + ix.high) * c;
      const float w11 = iy.fraction * ix.fraction;
      const float w10 = iy.fraction - w11;
      const float w01 = ix.fraction - w11;
      const float w00 = 1 - iy.fraction - w01;
      for (Index i = 0; i < c; i += kWidth) {
        store(to + i, w00 * load(top_left + i) + w01 * load(top_right + i) + w10 * load(low_left + i) +
                          w11 * load(low_right + i));
      }
    }
  }
}

/// relu(hidden + map) times the 1x1 convolution, for the tile's part of the picture.
inline void last_products(const DepthTail& t, Index row, Index column, Index tile_columns,
                          const float* hidden) {
  const Index rows = least(kTileRows, t.out_height - row);
  const Index columns = least(tile_columns, t.out_width - column);
  const Vec zero{};
  for (Index y = 0; y < rows; ++y) {
    const Index line = (row + y) * t.out_width + column;
    for (Index x = 0; x < columns; ++x) {
      const float* from = hidden + (y * tile_columns + x) * kTailChannels;
      const float* map = t.map != nullptr ? t.map + (line + x) * kTailChannels : nullptr;
      Vec values[kTailChannels / kWidth];
      for (Index i = 0; i < kTailChannels / kWidth; ++i) {
        const Vec sum = load(from + i * kWidth) + (map != nullptr ? load(map + i * kWidth) : zero);
        values[i] = max(sum, zero);
      }
      for (Index output = 0; output < t.num_outputs; ++output) {
        Vec dot{};
        for (Index i = 0; i < kTailChannels / kWidth; ++i)
          dot += values[i] * load(t.weights1 + output * kTailChannels + i * kWidth);
        t.out[output * t.out_height * t.out_width + line + x] = t.bias1[output] + sum_of_lanes(dot);
      }
    }
  }
}

void depth_tail(const DepthTail& t, Index row, Index column, float* scratch) {
  const Index left = round_up(t.out_width - column, kOutTile);
  const Index columns = least(tail_tile_columns(t.channels), left);
  Convolution convolution = tail_convolution(t.channels, columns);
  float* const halo = scratch;
  float* const hidden = halo + kHaloRows * (columns + 2) * t.channels;  // (kTileRows, columns, 32)
  upsample_tile(t, row, column, columns + 2, halo);
  convolution.input = halo;
  convolution.weights = t.weights3;
  convolution.bias = t.bias3;
  convolution.out = hidden;
  winograd(convolution, 0, kTileRows / kOutTile * (columns / kOutTile),
           hidden + kTileRows * columns * kTailChannels);
  last_products(t, row, column, columns, hidden);
}

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
