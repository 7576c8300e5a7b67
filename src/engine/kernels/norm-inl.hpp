// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <engine/kernels/kernels.hpp>
#include <engine/kernels/transpose-inl.hpp>

// Layer norm of a row, without scale and shift.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

struct Moments {
  float mean;
  float scale;  // 1 / sqrt(variance + epsilon)
};

/// The sum of value(k) over a row, kWidth of them at a time.
template <typename Value>
__attribute__((always_inline)) inline float sum_of_row(Index depth, Value value) {
  // Several sums, of which none waits for another.
  Vec sums[4] = {};
  Index k = 0;
  for (; k + 4 * kWidth <= depth; k += 4 * kWidth) {
#pragma GCC unroll 4
    for (Index v = 0; v < 4; ++v) sums[v] += value(k + v * kWidth);
  }
  for (; k < depth; k += kWidth) sums[0] += value(k);
  return folded_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

inline Moments moments_of_row(const float* x, Index depth, float epsilon) {
  const float mean = sum_of_row(depth, [=](Index k) { return load(x + k); }) / static_cast<float>(depth);
  const float squares = sum_of_row(depth, [=](Index k) {
    const Vec centred = load(x + k) - mean;
    return centred * centred;
  });
  const float variance = squares / static_cast<float>(depth);
  return {.mean = mean, .scale = 1.0F / __builtin_sqrtf(variance + epsilon)};
}

inline RowNorm norm_of_row(const float* x, Index depth, float epsilon) {
  const Moments moments = moments_of_row(x, depth, epsilon);
  return {.scale = moments.scale, .shift = -moments.mean * moments.scale};
}

inline void put_normed(const float* x, Index depth, float epsilon, float* to) {
  const Moments moments = moments_of_row(x, depth, epsilon);
  for (Index k = 0; k < depth; k += kWidth) store(to + k, (load(x + k) - moments.mean) * moments.scale);
}

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
