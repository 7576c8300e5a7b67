// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <engine/kernels/kernels.hpp>
#include <engine/kernels/transpose-inl.hpp>
#include <engine/kernels/vectors-inl.hpp>
#include <engine/kernels/winograd-inl.hpp>

// 3x3 convolutions of upsampled images, tile by tile, and the last stage of a depth head, which has one.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

constexpr Index kTileRows = 8;
constexpr Index kHaloRows = kTileRows + 2;
constexpr Index kMostColumns = 48;
constexpr Index kMostHaloColumns = kMostColumns + 2;

/// Columns of a tile, so that its upsampled input and the points of its convolution stay in the second-level
/// cache.
Index tail_tile_columns(Index channels) {
  return channels > 64 ? kMostColumns / 2 : kMostColumns;
}

/// The 3x3 convolution of a tile: of its halo, so without padding.
inline Convolution tile_convolution(Index channels, Index out_channels, Index rows, Index columns) {
  return {.height = rows + 2,
          .width = columns + 2,
          .in_channels = channels,
          .out_channels = out_channels,
          .padding = 0};
}

inline Index halo_floats(Index channels, Index columns) {
  return kHaloRows * (columns + 2) * channels;
}

template <typename Products>
Index upsampled_scratch_floats(Index channels, Index out_channels) {
  return halo_floats(channels, kMostColumns) +
         winograd_scratch_floats<Products>(tile_convolution(channels, out_channels, kTileRows, kMostColumns));
}

template <typename Products>
Index tail_scratch_floats(Index channels) {
  const Index columns = tail_tile_columns(channels);
  return halo_floats(channels, columns) + kTileRows * columns * kTailChannels +
         winograd_scratch_floats<Products>(tile_convolution(channels, kTailChannels, kTileRows, columns));
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

/// The upsampled input around a tile, (halo_rows, halo_columns, C); zero outside the picture, as the padding
/// is.
inline void upsample_tile(const Upsampling& t, Index row, Index column, Index halo_rows, Index halo_columns,
                          float* halo) {
  const Index c = t.channels;
  Interpolation across[kMostHaloColumns];
  for (Index x = 0; x < halo_columns; ++x) {
    const Index out_x = column + x - 1;
    across[x] = between(out_x < 0 ? 0 : out_x, t.in_width, t.out_width);
  }
  for (Index y = 0; y < halo_rows; ++y) {
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
      const Interpolation ix = across[x];
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

/// What a DepthTail's map adds to a row of pixels.
class TailMap {
 public:
  TailMap(const DepthTail& t, Index row) : last_(t.source.out_width - 1) {
    if (t.map == nullptr) return;
    const Index width = t.source.out_width;
    of_row_ = t.map + kind(row, t.source.out_height - 1) * width * kTailChannels;
    of_columns_ = t.map + (3 * width + 3 * row) * kTailChannels;
  }
  Vec at(Index column, Index channel) const {
    if (of_row_ == nullptr) return Vec{};
    return load(of_row_ + column * kTailChannels + channel) +
           load(of_columns_ + kind(column, last_) * kTailChannels + channel);
  }

 private:
  /// First, inner or last.
  static Index kind(Index at, Index last) { return at == 0 ? 0 : at < last ? 1 : 2; }

  Index last_;
  const float* of_row_ = nullptr;
  const float* of_columns_ = nullptr;
};

/// relu(hidden + map) times the 1x1 convolution, for the tile's part of the picture, kWidth pixels at a time.
inline void last_products(const DepthTail& t, Index row, Index column, Index tile_columns,
                          const float* hidden) {
  constexpr Index kVecs = kTailChannels / kWidth;
  const Index rows = least(kTileRows, t.source.out_height - row);
  const Index columns = least(tile_columns, t.source.out_width - column);
  const Vec zero{};
  for (Index y = 0; y < rows; ++y) {
    const Index line = (row + y) * t.source.out_width + column;
    const TailMap map(t, row + y);
    for (Index first = 0; first < columns; first += kWidth) {
      const Index count = least(kWidth, columns - first);
      Vec values[kWidth][kVecs];
      for (Index x = 0; x < kWidth; ++x) {
        // Those beyond the last repeat it.
        const Index pixel = first + least(x, count - 1);
        const float* const from = hidden + (y * tile_columns + pixel) * kTailChannels;
        for (Index i = 0; i < kVecs; ++i) {
          const Vec sum = load(from + i * kWidth) + map.at(column + pixel, i * kWidth);
          values[x][i] = max(sum, zero);
        }
      }
      for (Index output = 0; output < t.num_outputs; ++output) {
        Vec dots[kWidth] = {};
        for (Index i = 0; i < kVecs; ++i) {
          const Vec weights = load(t.weights1 + output * kTailChannels + i * kWidth);
          for (Index x = 0; x < kWidth; ++x) dots[x] += values[x][i] * weights;
        }
        const Vec result = sums_of_rows(dots) + t.bias1[output];
        float* const to = t.out + output * t.source.out_height * t.source.out_width + line + first;
        if (count == kWidth) {
          store(to, result);
        } else {
          for (Index x = 0; x < count; ++x) to[x] = result[x];
        }
      }
    }
  }
}

template <typename Products>
void depth_tail(const DepthTail& t, Index row, Index column, float* scratch) {
  const Index channels = t.source.channels;
  const Index left = round_up(t.source.out_width - column, kOutTile);
  const Index columns = least(tail_tile_columns(channels), left);
  Convolution convolution = tile_convolution(channels, kTailChannels, kTileRows, columns);
  float* const halo = scratch;
  float* const hidden = halo + halo_floats(channels, columns);  // (kTileRows, columns, 32)
  upsample_tile(t.source, row, column, kHaloRows, columns + 2, halo);
  convolution.input = halo;
  convolution.weights = t.weights3;
  convolution.bias = t.bias3;
  convolution.out = hidden;
  winograd<Products>(convolution, 0, kTileRows / kOutTile * (columns / kOutTile),
                     hidden + kTileRows * columns * kTailChannels);
  last_products(t, row, column, columns, hidden);
}

template <typename Products>
void convolve_upsampled(const UpsampledConvolution& c, Index row, Index column, float* scratch) {
  const Index channels = c.source.channels;
  const Index width = c.source.out_width;
  const Index rows = least(kTileRows, c.source.out_height - row);
  const Index columns = least(kMostColumns, width - column);
  Convolution convolution = tile_convolution(channels, c.out_channels, rows, columns);
  upsample_tile(c.source, row, column, rows + 2, columns + 2, scratch);
  convolution.input = scratch;
  convolution.weights = c.weights;
  convolution.bias = c.bias;
  convolution.out = c.out + (row * width + column) * c.out_channels;
  convolution.out_stride = width;
  const Index tiles = (rows + kOutTile - 1) / kOutTile * ((columns + kOutTile - 1) / kOutTile);
  winograd<Products>(convolution, 0, tiles, scratch + halo_floats(channels, columns));
}

template <typename Products>
constexpr ConvolutionKernels convolution_kernels() {
  return {.panel = kPanel,
          .group = kRows,
          .packed_floats = winograd_packed_floats<Products>,
          .pack = pack_winograd<Products>,
          .scratch_floats = winograd_scratch_floats<Products>,
          .convolve = winograd<Products>,
          .tile_rows = kTileRows,
          .tile_columns = kMostColumns,
          .upsampled_scratch_floats = upsampled_scratch_floats<Products>,
          .convolve_upsampled = convolve_upsampled<Products>,
          .tail_tile_columns = tail_tile_columns,
          .tail_scratch_floats = tail_scratch_floats<Products>,
          .depth_tail = depth_tail<Products>};
}

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
