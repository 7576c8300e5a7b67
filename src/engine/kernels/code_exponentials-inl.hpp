// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifdef __AVX512BW__
#include <immintrin.h>
#endif

#include <engine/kernels/attention-inl.hpp>
#include <engine/kernels/int8-inl.hpp>

// Exponentials of attention as 8-bit codes.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

constexpr Index kCodedKeys = 192;  // of a block

/// A number to add for rounding to codes, and its bits.
inline IVec codes_of(Vec shifted) {
  return (IVec)shifted - __builtin_bit_cast(std::int32_t, kToInteger);
}

/// What is added to exponentials before they are rounded: numbers from `least` to `least` + 1, in 1 / `one`,
/// evenly spread over the keys of a block and over neighbours (multiples of the golden ratio).
template <typename Number>
struct Spread {
  constexpr Spread(double least, int one) {
    double part = 0.5;
    for (Number& each : of_key) {
      part += 0.6180339887498949;
      part -= part >= 1 ? 1 : 0;
      each = static_cast<Number>((part + least) * one);
    }
  }
  Number of_key[kCodedKeys] = {};
};

#ifdef __AVX512BW__

constexpr float kExponentUnit = -64;              // steps in a power of two: off by 0.3 % in the mean
constexpr float kLargestCodeExponent = 0;         // that of the largest exponential, in these
constexpr Spread<std::uint16_t> kSpread(0, 256);  // in 1 / 256 code, rounded down

/// 255 2^(-i / 64) in 1 / 256 code.
struct PartsOfTwo {
  constexpr PartsOfTwo() {
    constexpr double kStep = 0.98922801319397548;  // 2^(-1 / 64)
    double value = 255 * 256;
    for (std::uint16_t& each : of) {
      each = static_cast<std::uint16_t>(value + 0.5);
      value *= kStep;
    }
  }
  alignas(64) std::uint16_t of[64] = {};
};
constexpr PartsOfTwo kPartsOfTwo;

/// The nearest integers; the least one, quietly, for what lies beyond all.
inline __m512i quiet_integers(Vec x) {
  return _mm512_cvt_roundps_epi32((__m512)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/// Two vectors of exponentials in 1 / 256 code, each with its share of the rounding: 2^-n, n in steps.
inline __m512i rough_exponentials(Vec first, Vec second, const std::uint16_t* spread) {
  const __m512i exponent = _mm512_packs_epi32(quiet_integers(first), quiet_integers(second));
  // Reads six bits of each exponent; the others are the whole powers.
  const __m512i part = _mm512_permutex2var_epi16(_mm512_load_si512(kPartsOfTwo.of), exponent,
                                                 _mm512_load_si512(kPartsOfTwo.of + 32));
  return _mm512_add_epi16(_mm512_srlv_epi16(part, _mm512_srli_epi16(exponent, 6)),
                          _mm512_loadu_si512(spread));
}

/// Powers of two of four vectors of exponents as codes; adds them to `sum`, by lanes. `spread`: of these, in
/// any order.
inline Words code_exponentials(const Vec (&exponents)[4], const std::uint16_t* spread, IVec& sum) {
  const __m512i low = rough_exponentials(exponents[0], exponents[1], spread);
  const __m512i high = rough_exponentials(exponents[2], exponents[3], spread + 2 * kWidth);
  const __m512i codes = _mm512_packus_epi16(_mm512_srli_epi16(low, 8), _mm512_srli_epi16(high, 8));
  sum = (IVec)_mm512_dpbusd_epi32((__m512i)sum, codes, _mm512_set1_epi8(1));
  return (Words)codes;
}

#else

constexpr float kExponentUnit = 1;
constexpr float kLargestCodeExponent =
    7.99378721F;                           // log2(254.9): with its share of the rounding at most 255
constexpr Spread<float> kSpread(-0.5, 1);  // rounded to the nearest

inline Words code_exponentials(const Vec (&exponents)[4], const float* spread, IVec& sum) {
  IVec codes[4];
  for (Index v = 0; v < 4; ++v) {
    codes[v] = codes_of(rough_power_of_two(exponents[v]) + load(spread + v * kWidth) + kToInteger);
    sum += codes[v];
  }
  return Int8Factors::bytes_of<false>(codes);
}

#endif

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
