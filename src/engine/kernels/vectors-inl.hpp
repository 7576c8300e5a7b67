// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

// Where an editor or a checker reads a header alone.
#ifndef DA3_KERNELS_NAMESPACE
#define DA3_KERNELS_NAMESPACE unnamed
#define DA3_KERNELS_WIDTH 8
#define DA3_KERNELS_ROWS 6
#define DA3_KERNELS_VECTORS 2
#endif

// What kernels are written in: vectors, the exponential, the register tile of a product.
//
// All *-inl.hpp here are one text that is compiled once for each instruction set: a source sets
// DA3_KERNELS_NAMESPACE, DA3_KERNELS_WIDTH (floats in a vector), DA3_KERNELS_ROWS and DA3_KERNELS_VECTORS
// (the register tile), then includes what it builds. One source is one instruction set, so a header appears
// once in it. Nothing of the standard library is used: an inline function compiled here for a newer
// instruction set must not be linked elsewhere.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

using Index = std::int64_t;
constexpr Index kWidth = DA3_KERNELS_WIDTH;
constexpr Index kRows = DA3_KERNELS_ROWS;
constexpr Index kVectors = DA3_KERNELS_VECTORS;
constexpr Index kPanel = kWidth * kVectors;

typedef float Vec __attribute__((vector_size(4 * kWidth), aligned(4), may_alias));
typedef std::int32_t IVec __attribute__((vector_size(4 * kWidth), aligned(4), may_alias));
typedef std::uint32_t UVec __attribute__((vector_size(4 * kWidth), aligned(4), may_alias));

inline Vec load(const float* p) {
  return *reinterpret_cast<const Vec*>(p);
}
inline void store(float* p, Vec v) {
  *reinterpret_cast<Vec*>(p) = v;
}
inline Vec splat(float x) {
  return x - Vec{};
}
/// a > b ? a : b, for which GCC 12 makes a comparison and a selection.
inline Vec max(Vec a, Vec b) {
#ifdef __AVX512F__
  return (Vec)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
  return (Vec)_mm256_max_ps((__m256)a, (__m256)b);
#else
  return a > b ? a : b;
#endif
}
/// a < b ? a : b.
inline Vec min(Vec a, Vec b) {
#ifdef __AVX512F__
  return (Vec)_mm512_min_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
  return (Vec)_mm256_min_ps((__m256)a, (__m256)b);
#else
  return a < b ? a : b;
#endif
}
/// 1.5 * 2^23: the last bits of its sum with a number are the nearest integer, ties to even.
constexpr float kToInteger = 12582912.0F;

/// Hides from the compiler what becomes of a sum, which else makes copies of it within its loop.
inline void keep_in_register([[maybe_unused]] Vec& v) {
#ifdef __AVX512F__
  asm("" : "+v"(v));
#endif
}

inline Index round_up(Index n, Index to) {
  return (n + to - 1) / to * to;
}
inline Index least(Index a, Index b) {
  return a < b ? a : b;
}

inline float sum_of_lanes(Vec v) {
  float sum = 0;
  for (Index lane = 0; lane < kWidth; ++lane) sum += v[lane];
  return sum;
}

/// p 2^n, n in the lowest bits of `shifted`. Unsigned, for lanes out of bounds may overflow; whoever has such
/// replaces them.
inline Vec scaled_by_power_of_two(Vec p, Vec shifted) {
  return (Vec)((UVec)p + ((UVec)shifted << 23));
}

/// 2^x for -126 <= x <= 120, relative error under 2e-7. Polynomial of degree 5 on [-1/2, 1/2], our own fit
/// (7.5e-8 before rounding).
inline Vec power_of_two_bounded(Vec x) {
  const Vec shifted = x + kToInteger;
  const Vec r = x - (shifted - kToInteger);
  Vec p = splat(0.00132764719F);
  p = p * r + 0.00967554154F;
  p = p * r + 0.0555071328F;
  p = p * r + 0.240221197F;
  p = p * r + 0.693146967F;
  p = p * r + 1.00000007F;
  return scaled_by_power_of_two(p, shifted);
}

/// 2^x for x <= 0, as power_of_two_bounded; 0 below -126.
inline Vec power_of_two_nonpositive(Vec x) {
  return x < -126.0F ? Vec{} : power_of_two_bounded(x);
}

/// One step of a product: a row of b times an element of a.
struct FloatStep {
  static Vec add(Vec sum, const float* a, Vec b) { return sum + splat(*a) * b; }
};

/// sum += a(kRows, depth) b(depth, kPanel) in registers; b is one packed panel. `Step` says what an element
/// is.
template <typename Step, typename Element>
__attribute__((always_inline)) inline void add_product(const Element* a, Index a_stride, const float* b,
                                                       Index depth, Vec (&sum)[kRows][kVectors]) {
  for (Index k = 0; k < depth; ++k) {
    Vec row[kVectors];
#pragma GCC unroll 4
    for (Index v = 0; v < kVectors; ++v) row[v] = load(b + k * kPanel + v * kWidth);
#pragma GCC unroll 16
    for (Index r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (Index v = 0; v < kVectors; ++v) sum[r][v] = Step::add(sum[r][v], a + r * a_stride + k, row[v]);
    }
  }
}

/// c(kRows, kPanel) = or += a(kRows, depth) b(depth, kPanel), as add_product.
template <bool kAccumulate, typename Step = FloatStep>
inline void multiply_tile(const float* a, Index a_stride, const float* b, Index depth, float* c,
                          Index c_stride) {
  Vec sum[kRows][kVectors];
#pragma GCC unroll 16
  for (Index r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (Index v = 0; v < kVectors; ++v)
      sum[r][v] = kAccumulate ? load(c + r * c_stride + v * kWidth) : Vec{};
  }
  add_product<Step>(a, a_stride, b, depth, sum);
#pragma GCC unroll 16
  for (Index r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (Index v = 0; v < kVectors; ++v) store(c + r * c_stride + v * kWidth, sum[r][v]);
  }
}

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
