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

/// All lanes combined, in each of them.
template <int kDistance, typename Combine, int... kLanes>
inline Vec across(Vec v, Combine combine, Lanes<kLanes...> all) {
  v = combine(v, (Vec)__builtin_shufflevector(v, v, (kLanes ^ kDistance)...));
  if constexpr (kDistance > 1) return across<kDistance / 2>(v, combine, all);
  return v;
}
template <typename Combine>
inline float folded(Vec v, Combine combine) {
  return across<int{kWidth / 2}>(v, combine, typename LanesUpTo<int{kWidth}>::Type{})[0];
}
inline float folded_sum(Vec v) {
  return folded(v, [](Vec a, Vec b) { return a + b; });
}

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

template <int kDistance>
inline void add_pairs(Vec (&rows)[kWidth]) {
#pragma GCC unroll 16
  for (int i = 0; i < kDistance; ++i) {
    swap_blocks<kDistance>(rows[i], rows[i + kDistance], typename LanesUpTo<int{kWidth}>::Type{});
    rows[i] += rows[i + kDistance];
  }
  if constexpr (kDistance > 1) add_pairs<kDistance / 2>(rows);
}

/// Lane i: the sum of the lanes of rows[i]; `rows` are used up.
inline Vec sums_of_rows(Vec (&rows)[kWidth]) {
  add_pairs<int{kWidth / 2}>(rows);
  return rows[0];
}

/// to[i][j] = rows[j][i], kWidth each; `rows` are used up.
inline void store_transposed(Vec (&rows)[kWidth], float* to, Index to_stride) {
  transpose_by_blocks<int{kWidth / 2}>(rows);
#pragma GCC unroll 16
  for (Index i = 0; i < kWidth; ++i) store(to + i * to_stride, rows[i]);
}

/// to[i][j] = from[j][i], kWidth each.
inline void transpose(const float* from, Index from_stride, float* to, Index to_stride) {
  Vec rows[kWidth];
#pragma GCC unroll 16
  for (Index i = 0; i < kWidth; ++i) rows[i] = load(from + i * from_stride);
  store_transposed(rows, to, to_stride);
}

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
