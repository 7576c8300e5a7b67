// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <engine/kernels/vectors-inl.hpp>

// Squares of kWidth x kWidth floats, or of anything in their room.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

template <int... kLanes>
struct Lanes {};

/// Lanes<0, ..., kCount - 1>.
template <int kCount, int... kRest>
struct LanesUpTo {
  using Type = typename LanesUpTo<kCount - 1, kCount - 1, kRest...>::Type;
};
template <int... kRest>
struct LanesUpTo<0, kRest...> {
  using Type = Lanes<kRest...>;
};

/// Changes places of the odd blocks of `first` with the even ones of `second`; blocks are kDistance lanes.
template <int kDistance, int... kLanes>
inline void swap_blocks(Vec& first, Vec& second, Lanes<kLanes...> /*all*/) {
  constexpr int kSecond = static_cast<int>(kWidth);
  const Vec low = __builtin_shufflevector(
      first, second, ((kLanes & kDistance) != 0 ? kSecond + (kLanes ^ kDistance) : kLanes)...);
  const Vec high = __builtin_shufflevector(
      first, second, ((kLanes & kDistance) != 0 ? kSecond + kLanes : kLanes ^ kDistance)...);
  first = low;
  second = high;
}

template <int kDistance>
inline void transpose_by_blocks(Vec (&rows)[kWidth]) {
#pragma GCC unroll 16
  for (int i = 0; i < static_cast<int>(kWidth); ++i) {
    if ((i & kDistance) == 0)
      swap_blocks<kDistance>(rows[i], rows[i | kDistance], typename LanesUpTo<int{kWidth}>::Type{});
  }
  if constexpr (kDistance > 1) transpose_by_blocks<kDistance / 2>(rows);
}

/// to[i][j] = from[j][i], kWidth each.
inline void transpose(const float* from, Index from_stride, float* to, Index to_stride) {
  Vec rows[kWidth];
#pragma GCC unroll 16
  for (Index i = 0; i < kWidth; ++i) rows[i] = load(from + i * from_stride);
  transpose_by_blocks<int{kWidth / 2}>(rows);
#pragma GCC unroll 16
  for (Index i = 0; i < kWidth; ++i) store(to + i * to_stride, rows[i]);
}

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
