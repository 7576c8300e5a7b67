// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifdef __AVX512BF16__
#include <immintrin.h>
#endif

#include <engine/kernels/bf16-inl.hpp>
#include <engine/kernels/gelu-inl.hpp>
#include <engine/kernels/int16-inl.hpp>
#include <engine/kernels/int8-inl.hpp>
#include <engine/kernels/kernels.hpp>
#include <engine/kernels/norm-inl.hpp>
#include <engine/kernels/transpose-inl.hpp>
#include <engine/kernels/words-inl.hpp>

// Products of linear layers with factors below float32: weights are rounded and packed once, inputs a row at
// a time, sums are float32 (bfloat16) or exact integers (8 bits). Two or four factors lie in the room of one
// float32, a "word"; a step of the register tile multiplies them all. Without the instruction set it computes
// the same in ordinary instructions, for tests.
//
// Packed weights, a panel of kPanel outputs after the other: (words, kPanel) factors, then kPanel scales and
// kPanel sums of the factors (8 bits), which take the inputs' zero out of a product.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

/// Factors of bfloat16, two a word.
struct Bf16Factors : RowByRow<Bf16Factors> {
  static constexpr Index kFactors = 2;

  static Vec add(Vec sum, Word a, Vec b) {
#ifdef __AVX512BF16__
    return (Vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)(a - Words{}), (__m512bh)b);
#else
    constexpr std::uint32_t kHigh = 0xFFFF0000;
    const Words first = a - Words{};
    const Words second = (Words)b;
    return sum + (Vec)(first << 16) * (Vec)(second << 16) + (Vec)(first & kHigh) * (Vec)(second & kHigh);
#endif
  }

  static Index place(Index k, Index /*depth*/) { return k; }

  static WeightCodes weight_codes(const float* /*weights*/, Index /*depth*/) { return {}; }

  /// kWidth words of weights.
  static Words weight_words(const float* weights, const WeightCodes& /*codes*/) {
    return (Words)pair_neighbours(load(weights), load(weights + kWidth));
  }

  static IVec sums_of(Words /*words*/) { return IVec{}; }

  static InputScale put_row(const float* x, Index depth, RowNorm norm, Word* to) {
    for (Index k = 0; k < depth; k += 2 * kWidth) {
      const Vec first = load(x + k) * norm.scale + norm.shift;
      const Vec second = load(x + k + kWidth) * norm.scale + norm.shift;
      store_words(to + k / 2, (Words)pair_neighbours(first, second));
    }
    return {};
  }

  /// The sums of a tile's row as the product.
  static Vec finished(Vec sum, const InputScale& /*input*/, const Word* /*scales*/, const Word* /*sums*/) {
    return sum;
  }
};

/// Factors of 16 bits, two a word: integer codes with a scale for each row and each output (int16-inl.hpp).
struct Int16Factors : RowByRow<Int16Factors> {
  static constexpr Index kFactors = 2;

  static Vec add(Vec sum, Word a, Vec b) { return add_products16(sum, a, b); }

  static Index place(Index k, Index depth) { return place_of_code(k, depth); }

  static WeightCodes weight_codes(const float* weights, Index depth) {
    Vec squares{};
    Vec most{};
    for (Index k = 0; k < depth; k += kWidth) {
      const Vec here = load(weights + k);
      squares += here * here;
      most = max(most, max(here, -here));
    }
    const float codes =
        codes_of_one_weight(folded_sum(squares), folded(most, [](Vec a, Vec b) { return max(a, b); }));
    return {.codes = codes, .value = value_of_one_weight(codes)};
  }

  /// kWidth words of weights.
  static Words weight_words(const float* weights, const WeightCodes& codes) {
    return pairs_of_codes(load(weights) * codes.codes, load(weights + kWidth) * codes.codes);
  }

  static IVec sums_of(Words /*words*/) { return IVec{}; }

  static InputScale put_row(const float* x, Index depth, RowNorm norm, Word* to) {
    const auto value = [=](Index k) { return load(x + k) * norm.scale + norm.shift; };
    Vec squares{};
    for (Index k = 0; k < depth; k += kWidth) squares += value(k) * value(k);
    const RowCodes row = row_codes(splat(folded_sum(squares)));
    put_codes([=](Index k) { return value(k) * row.codes; }, depth, to);
    return {.scale = row.values[0]};
  }

  static Vec finished(Vec sum, const InputScale& input, const Word* scales, const Word* /*sums*/) {
    return __builtin_convertvector((IVec)sum, Vec) * ((Vec)load_words(scales) * input.scale);
  }
};

/// A tile for what is left of the rows, often one: images of 504 pixels have a multiple of 36 patches, which
/// whole tiles divide, and a class token.
constexpr Index kShortRows = 4;

template <typename Factors>
struct ProductOf {
  static Index words(Index depth) { return depth / Factors::kFactors; }

  static Index packed_words(Index outputs, Index depth) {
    return outputs / kPanel * (words(depth) + 2) * kPanel;
  }

  static void pack(const float* weights, Index depth, Index panel, std::uint32_t* packed) {
    constexpr Index kBlock = kWidth * Factors::kFactors;
    Word* const to = packed + panel * (words(depth) + 2) * kPanel;
    Word* const scales = to + words(depth) * kPanel;
    for (Index first = 0; first < kPanel; first += kWidth) {
      const float* const rows = weights + (panel * kPanel + first) * depth;
      WeightCodes codes[kWidth];
      Vec values{};
      for (Index i = 0; i < kWidth; ++i) {
        codes[i] = Factors::weight_codes(rows + i * depth, depth);
        values[i] = codes[i].value;
      }
      IVec sums{};
      for (Index k = 0; k < depth; k += kBlock) {
        Vec block[kWidth];
        for (Index i = 0; i < kWidth; ++i)
          block[i] = (Vec)Factors::weight_words(rows + i * depth + k, codes[i]);
        transpose_by_blocks<int{kWidth / 2}>(block);
        for (Index word = 0; word < kWidth; ++word) {
          store_words(to + (k / Factors::kFactors + word) * kPanel + first, (Words)block[word]);
          sums += Factors::sums_of((Words)block[word]);
        }
      }
      store_words(scales + first, (Words)values);
      store_words(scales + kPanel + first, (Words)sums);
    }
  }

  static void put_rows(const ProductRows& inputs, std::uint32_t* to, InputScale* scales) {
    for (Index first = 0; first < inputs.rows; first += kRowsTogether) {
      const Index count = least(kRowsTogether, inputs.rows - first);
      const float* const x = inputs.x + first * inputs.depth;
      RowNorm norms[kRowsTogether];
      if (inputs.normed) {
        Moments moments[kRowsTogether];
        find_moments(x, count, inputs.depth, inputs.epsilon, moments);
        for (Index row = 0; row < count; ++row)
          norms[row] = {.scale = moments[row].scale, .shift = -moments[row].mean * moments[row].scale};
      }
      Factors::put_rows(x, count, inputs.depth, norms, inputs.factors, to + first * words(inputs.depth),
                        scales + first);
    }
  }

  /// kTileRows rows and one panel: all of the depth in registers.
  template <Index kTileRows>
  static void tile(const Word* a, Index a_stride, const Word* b, Index depth, float* c) {
    Vec sum[kTileRows][kVectors];
#pragma GCC unroll 16
    for (Index r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 4
      for (Index v = 0; v < kVectors; ++v) sum[r][v] = Vec{};
    }
    for (Index k = 0; k < depth; ++k) {
      Vec row[kVectors];
#pragma GCC unroll 4
      for (Index v = 0; v < kVectors; ++v) row[v] = (Vec)load_words(b + k * kPanel + v * kWidth);
#pragma GCC unroll 16
      for (Index r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 4
        for (Index v = 0; v < kVectors; ++v) sum[r][v] = Factors::add(sum[r][v], a[r * a_stride + k], row[v]);
      }
    }
#pragma GCC unroll 16
    for (Index r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 4
      for (Index v = 0; v < kVectors; ++v) store(c + r * kPanel + v * kWidth, sum[r][v]);
    }
  }

  static void finish(const Product& product, Index row, Index panel, const Word* scales, const float* sums) {
    float* const out = product.out + row * product.out_stride + panel * kPanel;
    const InputScale input = product.scales[row];
    for (Index v = 0; v < kVectors; ++v) {
      Vec value = Factors::finished(load(sums + v * kWidth), input, scales + v * kWidth,
                                    scales + kPanel + v * kWidth);
      if (product.bias != nullptr) value += load(product.bias + panel * kPanel + v * kWidth);
      if (product.gelu) value = near_gelu_of(value);
      if (product.add) value += load(out + v * kWidth);
      store(out + v * kWidth, value);
    }
  }

  static void multiply(const Product& product, Index begin, Index end, Index panel) {
    const Index depth = words(product.depth);
    const Word* const weights = product.weights + panel * (depth + 2) * kPanel;
    for (Index row = begin; row < end; row += kRows) {
      float sums[kRows * kPanel];
      if (product.add) {
        for (Index r = row; r < least(row + kRows, end); ++r) {
          for (Index v = 0; v < kPanel; v += kWidth)
            __builtin_prefetch(product.out + r * product.out_stride + panel * kPanel + v, 1);
        }
      }
      const auto multiply_tile = end - row > kShortRows ? tile<kRows> : tile<kShortRows>;
      multiply_tile(product.inputs + row * depth, depth, weights, depth, sums);
      for (Index r = 0; r < kRows && row + r < end; ++r)
        finish(product, row + r, panel, weights + depth * kPanel, sums + r * kPanel);
    }
  }
};

template <typename Factors>
constexpr ProductKernels product_kernels(const char* name) {
  return {.name = name,
          .panel = kPanel,
          .rows = kRows,
          .factors = Factors::kFactors,
          .place = Factors::place,
          .packed_words = ProductOf<Factors>::packed_words,
          .pack = ProductOf<Factors>::pack,
          .put_rows = ProductOf<Factors>::put_rows,
          .multiply = ProductOf<Factors>::multiply};
}

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
