// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
#include <immintrin.h>
#endif

#include <engine/kernels/norm-inl.hpp>
#include <engine/kernels/transpose-inl.hpp>
#include <engine/kernels/words-inl.hpp>

// Factors of 8 bits, of products and of attention.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

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

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
