// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifdef __AVX512VNNI__
#include <immintrin.h>
#endif

#include <engine/kernels/transpose-inl.hpp>
#include <engine/kernels/vectors-inl.hpp>

// Factors of 16 bits, two in a 32-bit word: integer codes and a scale for each row. Sums of products are
// exact in 32 bits, since the norms of the rows' codes are at most kInputNorm and kWeightNorm (Cauchy and
// Schwarz). A row of 1536 factors keeps 10 to 11 bits of a typical one, as many as TF32, a row of 64 two
// more. Without the instruction set it computes the same in ordinary instructions, for tests.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

typedef std::uint16_t Code16 __attribute__((may_alias));
typedef std::uint32_t Word16 __attribute__((may_alias));
typedef std::uint32_t Words16 __attribute__((vector_size(4 * kWidth), aligned(4), may_alias));

constexpr float kLargestCode = 32767.0F;
constexpr float kInputNorm = 32700.0F;   // no code of such a row is larger either
constexpr float kWeightNorm = 65000.0F;  // the product is 0.99 of 2^31, with what rounding adds

/// sum + the products of both factors of each lane.
inline Vec add_products16(Vec sum, Word16 a, Vec b) {
#ifdef __AVX512VNNI__
  return (Vec)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)(a - Words16{}), (__m512i)b);
#else
  const IVec words = (IVec)b;
  const auto low = static_cast<std::int32_t>(a << 16) >> 16;
  const auto high = static_cast<std::int32_t>(a) >> 16;
  return (Vec)((IVec)sum + low * ((words << 16) >> 16) + high * (words >> 16));
#endif
}

inline Code16 code_of(float x) {
  return static_cast<Code16>(__builtin_bit_cast(std::uint32_t, x + kToInteger));
}

/// Where the code of factor k of a row of `depth` lies. A word holds factors that are kWidth apart, which
/// costs inputs no moves between lanes; the last ones may have no such partner.
inline Index place_of_code(Index k, Index depth) {
  const Index first = k / (2 * kWidth) * (2 * kWidth);
  return first + 2 * kWidth <= depth ? first + k % kWidth * 2 + k / kWidth % 2 : k;
}

/// Codes that are kWidth apart, in words.
inline Words16 pairs_of_codes(Vec low, Vec high) {
#ifdef __AVX512BW__
  const __m512i upper = _mm512_slli_epi32((__m512i)(high + kToInteger), 16);
  return (Words16)_mm512_mask_mov_epi16(upper, 0x55555555, (__m512i)(low + kToInteger));
#else
  return ((Words16)(low + kToInteger) & 0xFFFF) | ((Words16)(high + kToInteger) << 16);
#endif
}

/// The last kWidth codes of a row, which have no partners.
inline void put_last_codes(Vec last, Word16* to) {
  auto* const codes = reinterpret_cast<Code16*>(to);
  for (Index i = 0; i < kWidth; ++i) codes[i] = code_of(last[i]);
}

/// A row of codes: value(k) are those of the kWidth factors from k on, at most kLargestCode.
template <typename Value>
inline void put_codes(Value value, Index depth, Word16* to) {
  Index k = 0;
  for (; k + 2 * kWidth <= depth; k += 2 * kWidth) {
    *reinterpret_cast<Words16*>(to + k / 2) = pairs_of_codes(value(k), value(k + kWidth));
  }
  if (k < depth) put_last_codes(value(k), to + k / 2);
}

/// Of rows of inputs: codes for a value of 1, and what a code of 1 stands for; 0 for rows of zeros.
struct RowCodes {
  Vec codes;
  Vec values;
};

/// For rows with those sums of squares. A row with what is infinite or no number has values that are none.
inline RowCodes row_codes(Vec squares) {
  constexpr float kSmallest = 1e-30F;
  const Vec counts = squares < kSmallest ? Vec{} : splat(1);
  squares = squares < kSmallest ? splat(kSmallest) : squares;
#ifdef __AVX512VNNI__
  const Vec codes = kInputNorm * (Vec)_mm512_rsqrt14_ps((__m512)squares);  // within 2^-14
  Vec values = (Vec)_mm512_rcp14_ps((__m512)codes);
  values = values * (2.0F - codes * values);
#else
  Vec codes{};
  for (Index lane = 0; lane < kWidth; ++lane) codes[lane] = kInputNorm / __builtin_sqrtf(squares[lane]);
  const Vec values = 1.0F / codes + 0.0F * squares;
#endif
  return {codes * counts, values * counts};
}

/// Codes for a value of 1 in a row of weights with that sum of squares and that largest magnitude.
inline float codes_of_one_weight(float squares, float largest) {
  if (!(squares > 1e-30F)) return 0;
  const float by_norm = kWeightNorm / __builtin_sqrtf(squares);
  const float by_largest = kLargestCode / largest;
  return by_norm < by_largest ? by_norm : by_largest;
}

/// What one code of such a row of weights stands for.
inline float value_of_one_weight(float codes) {
  return codes != 0 ? 1.0F / codes : 0.0F;
}

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
