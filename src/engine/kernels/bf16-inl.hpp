// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifdef __AVX512BF16__
#include <immintrin.h>
#endif

#include <engine/kernels/vectors-inl.hpp>

// Rounding to bfloat16, two in the room of one float32.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

typedef std::uint32_t Pairs __attribute__((vector_size(4 * kWidth), aligned(4), may_alias));

/// In the low half of each lane.
inline Pairs rounded(Vec x) {
  const Pairs bits = (Pairs)x;
  return (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;  // to nearest, ties to even
}

/// 2 kWidth neighbours, rounded, in their order.
inline Pairs pair_neighbours(Vec first, Vec second) {
#ifdef __AVX512BF16__
  return (Pairs)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first);
#else
  const Pairs low = rounded(first);
  const Pairs high = rounded(second);
  Pairs pairs{};
  for (Index i = 0; i < kWidth / 2; ++i) {
    pairs[i] = low[2 * i] | (low[2 * i + 1] << 16);
    pairs[kWidth / 2 + i] = high[2 * i] | (high[2 * i + 1] << 16);
  }
  return pairs;
#endif
}

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
