// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <engine/kernels/gelu-inl.hpp>
#include <engine/kernels/kernels.hpp>
#include <engine/kernels/transpose-inl.hpp>
#include <engine/kernels/vectors-inl.hpp>

// Linear layers in float32. Weights stay as a file has them: a panel of kPanel outputs is transposed into the
// second-level cache, then meets every row. That costs a quarter of a cycle for each weight, where the
// products of 721 rows take 22 (AVX-512).
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

Index linear_scratch_floats(Index depth) {
  return (depth + kRows) * kPanel;  // a panel, then the sums of a register tile
}

/// `outputs` rows of (outputs, depth) to (depth, kPanel), zero beyond the last.
inline void pack_outputs(const float* weights, Index outputs, Index depth, float* packed) {
  for (Index first = 0; first < kPanel; first += kWidth) {
    if (first >= outputs) {
      for (Index k = 0; k < depth; ++k) store(packed + k * kPanel + first, Vec{});
      continue;
    }
    Index k = 0;
    for (; k + kWidth <= depth; k += kWidth)
      transpose(weights + first * depth + k, depth, packed + k * kPanel + first, kPanel);
    for (; k < depth; ++k) {
      for (Index i = first; i < first + kWidth; ++i) packed[k * kPanel + i] = weights[i * depth + k];
    }
  }
}

inline void finish_linear(const Linear& linear, Index row, Index first, const float* sums) {
  float* const out = linear.out + row * linear.outputs;
  for (Index v = 0; v < kPanel; v += kWidth) {
    const Index output = first + v;
    if (output >= linear.outputs) return;
    Vec value = load(sums + v);
    if (linear.bias != nullptr) value += load(linear.bias + output);
    if (linear.gelu) value = gelu_of(value);
    if (linear.add) value += load(out + output);
    store(out + output, value);
  }
}

void linear(const Linear& linear, Index begin, Index end, Index panel, float* scratch) {
  const Index depth = linear.depth;
  const Index first = panel * kPanel;
  pack_outputs(linear.weights + first * depth, least(kPanel, linear.outputs - first), depth, scratch);
  float* const sums = scratch + depth * kPanel;
  for (Index row = begin; row < end; row += kRows) {
    // The last tile begins early enough to be whole.
    const Index start = least(row, linear.rows - kRows);
    if (linear.add) {
      for (Index r = row; r < least(row + kRows, end); ++r) {
        for (Index v = 0; v < kPanel; v += kWidth)
          __builtin_prefetch(linear.out + r * linear.outputs + least(first + v, linear.outputs - 1), 1);
      }
    }
    multiply_tile<false>(linear.inputs + start * depth, depth, scratch, depth, sums, kPanel);
    for (Index r = row; r < least(row + kRows, end); ++r)
      finish_linear(linear, r, first, sums + (r - start) * kPanel);
  }
}

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
