// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <engine/kernels/attention-inl.hpp>

// Attention with products of float32.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

struct FloatAttention {
  static constexpr Index kPerFloat = 1;
  using Step = FloatStep;

  /// (num_keys, head_dim) to panels of kPanel keys: (panel, head_dim, kPanel), zero beyond the last key.
  static void pack_keys(const float* keys, Index stride, Index num_keys, Index head_dim, float* packed) {
    for (Index first = 0; first < num_keys; first += kPanel) {
      const Index count = least(kPanel, num_keys - first);
      float* panel = packed + first * head_dim;
      for (Index key = 0; key < kPanel; ++key) {
        const float* row = keys + (first + key) * stride;
        for (Index d = 0; d < head_dim; ++d) panel[d * kPanel + key] = key < count ? row[d] : 0.0F;
      }
    }
  }

  /// (num_keys, head_dim) to panels of kPanel features: (panel, num_keys rounded up, kPanel), zero beyond the
  /// last key.
  static void pack_values(const float* values, Index stride, Index num_keys, Index head_dim, float* packed) {
    const Index padded = round_up(num_keys, kPanel);
    for (Index first = 0; first < head_dim; first += kPanel) {
      float* panel = packed + first * padded;
      for (Index key = 0; key < padded; ++key) {
        for (Index v = 0; v < kVectors; ++v) {
          const float* from = values + key * stride + first + v * kWidth;
          store(panel + key * kPanel + v * kWidth, key < num_keys ? load(from) : Vec{});
        }
      }
    }
  }

  static void put_queries(const float* q, Index head_dim, float scale, float* row) {
    for (Index d = 0; d < head_dim; d += kWidth) store(row + d, load(q + d) * scale);
  }

  /// row = 2^(row - maximum), zero from `count` on up to `padded`; the sum.
  static float exponentials(float* row, Index count, Index padded, float maximum) {
    Vec sum{};
    Index i = 0;
    for (; i + kWidth <= count; i += kWidth) {
      const Vec e = power_of_two_nonpositive(load(row + i) - maximum);
      store(row + i, e);
      sum += e;
    }
    if (i < count) {
      Vec e = power_of_two_nonpositive(load(row + i) - maximum);
      for (Index lane = count - i; lane < kWidth; ++lane) e[lane] = 0;
      store(row + i, e);
      sum += e;
      i += kWidth;
    }
    for (; i < padded; i += kWidth) store(row + i, Vec{});
    return sum_of_lanes(sum);
  }
};

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
