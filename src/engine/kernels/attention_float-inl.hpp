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
    for (Index first = 0; first < round_up(num_keys, kPanel); first += kWidth) {
      float* const panel = packed + first / kPanel * kPanel * head_dim + first % kPanel;
      for (Index d = 0; d < head_dim; d += kWidth) {
        Vec rows[kWidth];
        for (Index i = 0; i < kWidth; ++i)
          rows[i] = first + i < num_keys ? load(keys + (first + i) * stride + d) : Vec{};
        store_transposed(rows, panel + d * kPanel, kPanel);
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

  static Vec power_of_two(Vec x) { return power_of_two_bounded(x); }

  static void put_exponentials(const Vec (&e)[kVectors], float* to, float* sums) {
    Vec sum = load(sums);
    for (Index v = 0; v < kVectors; ++v) {
      store(to + v * kWidth, e[v]);
      sum += e[v];
    }
    store(sums, sum);
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
