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

/// Short rows that are taken through a step before the next: the steps of one row wait for each other.
constexpr Index kRowsTogether = 4;

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

inline float mean_of_row(const float* x, Index depth) {
  return sum_of_row(depth, [=](Index k) { return load(x + k); }) / static_cast<float>(depth);
}

inline float scale_of_row(const float* x, Index depth, float mean, float epsilon) {
  const float squares = sum_of_row(depth, [=](Index k) {
    const Vec centred = load(x + k) - mean;
    return centred * centred;
  });
  const float variance = squares / static_cast<float>(depth);
  return 1.0F / __builtin_sqrtf(variance + epsilon);
}

/// Of up to kRowsTogether rows, one behind the other.
inline void find_moments(const float* x, Index rows, Index depth, float epsilon, Moments* moments) {
  for (Index r = 0; r < rows; ++r) moments[r].mean = mean_of_row(x + r * depth, depth);
  for (Index r = 0; r < rows; ++r)
    moments[r].scale = scale_of_row(x + r * depth, depth, moments[r].mean, epsilon);
}

inline void put_normed(const float* x, Index depth, float epsilon, float* to) {
  Moments moments{};
  find_moments(x, 1, depth, epsilon, &moments);
  for (Index k = 0; k < depth; k += kWidth) store(to + k, (load(x + k) - moments.mean) * moments.scale);
}

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
