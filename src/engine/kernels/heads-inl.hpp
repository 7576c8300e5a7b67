// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <engine/kernels/kernels.hpp>
#include <engine/kernels/norm-inl.hpp>
#include <engine/kernels/vectors-inl.hpp>

// Norm and rotary embedding of one token's queries or keys, in one pass.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

void add(float* x, const float* shift, Index count) {
  Index i = 0;
  for (; i + kWidth <= count; i += kWidth) store(x + i, load(x + i) + load(shift + i));
  for (; i < count; ++i) x[i] += shift[i];
}

void scale_and_shift(float* x, const float* scale, const float* shift, Index count) {
  Index i = 0;
  for (; i + kWidth <= count; i += kWidth) store(x + i, load(x + i) * load(scale + i) + load(shift + i));
  for (; i < count; ++i) x[i] = x[i] * scale[i] + shift[i];
}

/// (x - mean) / sqrt(variance + epsilon) * weight + bias, then the turn of features i and i + head_dim / 4 of
/// each half.
inline void norm_rotate_head(const Heads& h, const Moments& moments, float* x, const float* cos,
                             const float* sin) {
  const Index quarter = h.head_dim / 4;
  const auto [mean, scale] = moments;
  for (Index half = 0; half < h.head_dim; half += 2 * quarter) {
    for (Index i = half; i < half + quarter; i += kWidth) {
      const Index j = i + quarter;
      const Vec a = (load(x + i) - mean) * scale * load(h.weight + i) + load(h.bias + i);
      const Vec b = (load(x + j) - mean) * scale * load(h.weight + j) + load(h.bias + j);
      store(x + i, a * load(cos + i) + b * load(sin + i));
      store(x + j, b * load(cos + j) + a * load(sin + j));
    }
  }
}

void norm_rotate(const Heads& h, float* x, const float* cos, const float* sin) {
  if (h.shift != nullptr) add(x, h.shift, h.num_heads * h.head_dim);
  for (Index first = 0; first < h.num_heads; first += kRowsTogether) {
    const Index count = least(kRowsTogether, h.num_heads - first);
    float* const heads = x + first * h.head_dim;
    Moments moments[kRowsTogether];
    find_moments(heads, count, h.head_dim, h.epsilon, moments);
    for (Index head = 0; head < count; ++head)
      norm_rotate_head(h, moments[head], heads + head * h.head_dim, cos, sin);
  }
}

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
