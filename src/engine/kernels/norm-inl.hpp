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

inline Moments moments_of_row(const float* x, Index depth, float epsilon) {
  Vec sums{};
  for (Index k = 0; k < depth; k += kWidth) sums += load(x + k);
  const float mean = folded_sum(sums) / static_cast<float>(depth);
  Vec squares{};
  for (Index k = 0; k < depth; k += kWidth) {
    const Vec centred = load(x + k) - mean;
    squares += centred * centred;
  }
  const float variance = folded_sum(squares) / static_cast<float>(depth);
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
