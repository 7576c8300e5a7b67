// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifdef __AVX512VNNI__
#include <immintrin.h>
#endif

#include <engine/kernels/attention_bf16-inl.hpp>

// Attention whose scores are products of 8-bit codes: queries and keys with a scale for each row, summed
// exactly; exponentials and values as in attention_bf16-inl.hpp. Without an instruction set for them it
// computes the same in ordinary instructions, for tests.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

constexpr float kLargestByte = 127.0F;
constexpr std::int32_t kQueryZero = 128;  // the code of 0: queries are unsigned, keys are not

struct Int8Attention : Bf16Attention {
  static constexpr Index kKeysPerFloat = 4;

  struct ScoreStep {
    static Vec add(Vec sum, const float* a, Vec b) {
      const Bits word = *reinterpret_cast<const Bits*>(a);
#ifdef __AVX512VNNI__
      return (Vec)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)(word - Pairs{}), (__m512i)b);
#else
      IVec result = (IVec)sum;
      for (Index byte = 0; byte < 4; ++byte) {
        const auto code = static_cast<std::int32_t>((word >> (8 * byte)) & 0xFF);
        result += code * ((IVec)((Pairs)b << (24 - 8 * byte)) >> 24);
      }
      return (Vec)result;
#endif
    }
  };

  /// Behind the panels of keys: what a code of each key stands for, then where its sums begin, which takes
  /// the queries' zero out of them.
  class Scores {
   public:
    Scores(const AttentionHead& head, Index key) {
      const Index padded = round_up(head.num_keys, kPanel);
      const float* const scales = head.keys + padded * head.head_dim / kKeysPerFloat + key;
      for (Index v = 0; v < kVectors; ++v) {
        scales_[v] = load(scales + v * kWidth);
        starts_[v] = load(scales + padded + v * kWidth);
      }
    }
    Vec start(Index vector) const { return starts_[vector]; }
    Vec of(Vec sum, Index vector, float scale) const {
      return __builtin_convertvector((IVec)sum, Vec) * (scales_[vector] * scale);
    }

   private:
    Vec scales_[kVectors];
    Vec starts_[kVectors];
  };

  /// Codes of a row of 4 kWidth at the most a time; what a code of 1 stands for.
  static float put_codes(const float* x, Index head_dim, std::int32_t zero, Bits* to) {
    Vec most{};
    Vec none{};  // not a number if any of the row is none or infinite
    for (Index d = 0; d < head_dim; d += kWidth) {
      const Vec value = load(x + d);
      most = max(most, max(value, -value));
      none += 0.0F * value;
    }
    const float largest = folded(most, [](Vec a, Vec b) { return max(a, b); });
    const float codes = largest > 1e-30F ? kLargestByte / largest : 0.0F;
    for (Index d = 0; d < head_dim; d += kWidth) {
      const IVec bytes = (IVec)(load(x + d) * codes + (kToInteger + static_cast<float>(zero))) -
                         __builtin_bit_cast(std::int32_t, kToInteger);
#ifdef __AVX512VNNI__
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + d / 4), _mm512_cvtepi32_epi8((__m512i)bytes));
#else
      for (Index i = 0; i < kWidth; i += 4) {
        to[(d + i) / 4] = 0;
        for (Index byte = 0; byte < 4; ++byte)
          to[(d + i) / 4] |= (static_cast<std::uint32_t>(bytes[i + byte]) & 0xFF) << (8 * byte);
      }
#endif
    }
    return largest * (1.0F / kLargestByte) + folded_sum(none);
  }

  static float put_queries(const float* q, Index head_dim, float scale, float* row) {
    return put_codes(q, head_dim, kQueryZero, reinterpret_cast<Bits*>(row)) * scale;
  }

  /// head_dim: a multiple of 4 kWidth.
  static void pack_keys(const float* keys, Index stride, Index num_keys, Index head_dim, float* packed) {
    const Index padded = round_up(num_keys, kPanel);
    const Index depth = head_dim / kKeysPerFloat;
    float* const scales = packed + padded * depth;
    for (Index first = 0; first < padded; first += kWidth) {
      float* const panel = packed + first / kPanel * kPanel * depth + first % kPanel;
      for (Index i = 0; i < kWidth; ++i) scales[first + i] = 0;
      IVec sums{};
      for (Index d = 0; d < head_dim; d += 4 * kWidth) {
        Vec rows[kWidth];
        for (Index i = 0; i < kWidth; ++i) {
          rows[i] = Vec{};
          // The codes of a whole row have one scale.
          if (first + i >= num_keys) continue;
          Bits words[kMostHeadDim / 4];
          scales[first + i] = put_codes(keys + (first + i) * stride, head_dim, 0, words);
          rows[i] = load(reinterpret_cast<const float*>(words) + d / 4);
        }
        transpose_by_blocks<int{kWidth / 2}>(rows);
        for (Index word = 0; word < kWidth; ++word) {
          store(panel + (d / 4 + word) * kPanel, rows[word]);
          for (Index byte = 0; byte < 4; ++byte) sums += (IVec)((Pairs)rows[word] << (24 - 8 * byte)) >> 24;
        }
      }
      store(scales + padded + first, (Vec)(-kQueryZero * sums));
    }
  }

  static constexpr Index kMostHeadDim = 256;
};

}  // namespace

}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
