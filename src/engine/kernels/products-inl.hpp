// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#if defined(__AVX512BF16__) || defined(__AVX512VNNI__) || defined(__AVXVNNI__)
#include <immintrin.h>
#endif

#include <engine/kernels/bf16-inl.hpp>
#include <engine/kernels/gelu-inl.hpp>
#include <engine/kernels/int16-inl.hpp>
#include <engine/kernels/kernels.hpp>
#include <engine/kernels/norm-inl.hpp>
#include <engine/kernels/transpose-inl.hpp>

// Products of linear layers with factors below float32: weights are rounded and packed once, inputs a row at
// a time, sums are float32 (bfloat16) or exact integers (8 bits). Two or four factors lie in the room of one
// float32, a "word"; a step of the register tile multiplies them all. Without the instruction set it computes
// the same in ordinary instructions, for tests.
//
// Packed weights, a panel of kPanel outputs after the other: (words, kPanel) factors, then kPanel scales and
// kPanel sums of the factors (8 bits), which take the inputs' zero out of a product.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

typedef std::uint32_t Word __attribute__((may_alias));
typedef std::uint32_t Words __attribute__((vector_size(4 * kWidth), aligned(4), may_alias));

inline Words load_words(const Word* p) {
  return *reinterpret_cast<const Words*>(p);
}
inline void store_words(Word* p, Words v) {
  *reinterpret_cast<Words*>(p) = v;
}

constexpr float kSmallestScale = 1e-30F;

inline float least_of(float a, float b) {
  return a < b ? a : b;
}

inline std::int32_t nearest(float x) {
  return static_cast<std::int32_t>(__builtin_bit_cast(std::uint32_t, x + kToInteger) -
                                   __builtin_bit_cast(std::uint32_t, kToInteger));
}

/// What is done to a row before it is rounded.
struct RowNorm {
  float scale = 1;
  float shift = 0;
};

/// Factors that round one row of inputs after the other.
template <typename Factors>
struct RowByRow {
  static void put_rows(const float* x, Index rows, Index depth, const RowNorm* norms,
                       const float* /*factors*/, Word* to, InputScale* scales) {
    for (Index row = 0; row < rows; ++row)
      scales[row] =
          Factors::put_row(x + row * depth, depth, norms[row], to + row * (depth / Factors::kFactors));
  }
};

/// How a row of weights is rounded.
struct WeightCodes {
  float codes = 1;  ///< For a weight of 1
  float value = 0;  ///< Of a code of 1
};

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

/// Factors of 8 bits, four a word: inputs unsigned with a scale and a zero for each row, weights signed with
/// a scale for each output.
struct Int8Factors {
  static constexpr Index kFactors = 4;

  static Vec add(Vec sum, Word a, Vec b) {
#if defined(__AVX512VNNI__)
    return (Vec)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)(a - Words{}), (__m512i)b);
#elif defined(__AVXVNNI__)
    return (Vec)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)(a - Words{}), (__m256i)b);
#else
    IVec result = (IVec)sum;
    for (Index byte = 0; byte < 4; ++byte) {
      const std::int32_t input = static_cast<std::int32_t>((a >> (8 * byte)) & 0xFF);
      result += input * ((IVec)((Words)b << (24 - 8 * byte)) >> 24);
    }
    return (Vec)result;
#endif
  }

  /// A word's four factors are neighbours; the words of four vectors are in the order in which their bytes
  /// are packed within 128 bits each.
  static Index place(Index k, Index /*depth*/) {
    constexpr Index kLane = 4;  // floats in 128 bits
    const Index vector = k / kWidth % 4;
    const Index lane = k % kWidth / kLane;
    return k / (4 * kWidth) * (4 * kWidth) + (lane * 4 + vector) * 4 + k % kLane;
  }

  static WeightCodes weight_codes(const float* weights, Index depth) {
    Vec most{};
    for (Index k = 0; k < depth; k += kWidth) most = max(most, max(load(weights + k), -load(weights + k)));
    const float largest = folded(most, [](Vec a, Vec b) { return max(a, b); });
    // A row of zeros keeps a scale above zero.
    const float step = largest > kSmallestScale ? largest / 127.0F : kSmallestScale;
    return {.codes = 1.0F / step, .value = step};
  }

  /// kWidth words of weights.
  static Words weight_words(const float* weights, const WeightCodes& codes) {
    IVec values[4];
    for (Index v = 0; v < 4; ++v)
      values[v] = (IVec)(load(weights + v * kWidth) * codes.codes + kToInteger) - 0x4B400000;
    return bytes_of<true>(values);
  }

  /// Of the factors of each word.
  static IVec sums_of(Words words) {
    IVec sums{};
    for (Index byte = 0; byte < 4; ++byte) sums += (IVec)(words << (24 - 8 * byte)) >> 24;
    return sums;
  }

  static void put_rows(const float* x, Index rows, Index depth, const RowNorm* norms, const float* factors,
                       Word* to, InputScale* scales) {
    if (factors == nullptr) {
      put_codes_of([=](Index row, Index k) { return load(x + row * depth + k); }, rows, depth, norms, to,
                   scales);
      return;
    }
    constexpr RowNorm kNone[kRowsTogether];
    put_codes_of(
        [=](Index row, Index k) {
          return (load(x + row * depth + k) * norms[row].scale + norms[row].shift) * load(factors + k);
        },
        rows, depth, kNone, to, scales);
  }

  /// How a row is rounded: code = value * factor + shift + offset, whose last bits are the code.
  struct RowCodes {
    float factor;
    float shift;
    float offset;
  };

  /// value(row, k): kWidth values of a row from k on.
  template <typename Value>
  static void put_codes_of(Value value, Index rows, Index depth, const RowNorm* norms, Word* to,
                           InputScale* scales) {
    RowCodes codes[kRowsTogether];
    for (Index row = 0; row < rows; ++row)
      codes[row] = codes_of_row([=](Index k) { return value(row, k); }, depth, norms[row], scales[row]);
    for (Index row = 0; row < rows; ++row) {
      for (Index k = 0; k < depth; k += 4 * kWidth) {
        IVec group[4];
        for (Index v = 0; v < 4; ++v)
          group[v] =
              (IVec)(value(row, k + v * kWidth) * codes[row].factor + codes[row].shift + codes[row].offset) -
              0x4B400000;
        store_words(to + (row * depth + k) / 4, bytes_of<false>(group));
      }
    }
  }

  template <typename Value>
  static RowCodes codes_of_row(Value value, Index depth, RowNorm norm, InputScale& scale) {
    const Vec zeros = splat(-norm.shift / norm.scale);  // zero belongs to the range, so that it is exact
    Vec lowest[4] = {zeros, zeros, zeros, zeros};
    Vec highest[4] = {zeros, zeros, zeros, zeros};
    for (Index k = 0; k < depth; k += 4 * kWidth) {
      for (Index v = 0; v < 4; ++v) {
        const Vec here = value(k + v * kWidth);
        lowest[v] = min(lowest[v], here);
        highest[v] = max(highest[v], here);
      }
    }
    const float low = least_of(folded(min(min(lowest[0], lowest[1]), min(lowest[2], lowest[3])),
                                      [](Vec a, Vec b) { return min(a, b); }) *
                                       norm.scale +
                                   norm.shift,
                               0);
    const float high = -least_of(-(folded(max(max(highest[0], highest[1]), max(highest[2], highest[3])),
                                          [](Vec a, Vec b) { return max(a, b); }) *
                                       norm.scale +
                                   norm.shift),
                                 0);
    const float range = high - low;
    const float step = range > kSmallestScale ? range / 255.0F : kSmallestScale;
    const float inverse = 1.0F / step;
    const std::int32_t zero = nearest(-low * inverse);
    scale = {.scale = step, .zero = zero};
    // Both ends of the range round to codes within 0..255, so nothing has to be clamped but the last bit.
    return {.factor = norm.scale * inverse,
            .shift = norm.shift * inverse,
            .offset = kToInteger + static_cast<float>(zero)};
  }

  /// In the order of place(), signed ones clamped to -128..127, others to 0..255.
  template <bool kSigned>
  static Words bytes_of(const IVec (&codes)[4]) {
#if defined(__AVX512VNNI__)
    const __m512i low = _mm512_packs_epi32((__m512i)codes[0], (__m512i)codes[1]);
    const __m512i high = _mm512_packs_epi32((__m512i)codes[2], (__m512i)codes[3]);
    return (Words)(kSigned ? _mm512_packs_epi16(low, high) : _mm512_packus_epi16(low, high));
#elif defined(__AVXVNNI__)
    const __m256i low = _mm256_packs_epi32((__m256i)codes[0], (__m256i)codes[1]);
    const __m256i high = _mm256_packs_epi32((__m256i)codes[2], (__m256i)codes[3]);
    return (Words)(kSigned ? _mm256_packs_epi16(low, high) : _mm256_packus_epi16(low, high));
#else
    constexpr std::int32_t kLeast = kSigned ? -128 : 0;
    Words words{};
    for (Index k = 0; k < 4 * kWidth; ++k) {
      std::int32_t code = codes[k / kWidth][k % kWidth];
      code = code < kLeast ? kLeast : code > kLeast + 255 ? kLeast + 255 : code;
      const Index at = place(k, 4 * kWidth);
      words[at / 4] |= (static_cast<Word>(code) & 0xFF) << (8 * (at % 4));
    }
    return words;
#endif
  }

  static Vec finished(Vec sum, const InputScale& input, const Word* scales, const Word* sums) {
    const IVec exact = (IVec)sum - input.zero * (IVec)load_words(sums);
    return __builtin_convertvector(exact, Vec) * ((Vec)load_words(scales) * input.scale);
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
