// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <engine/kernels/kernels.hpp>
#include <engine/kernels/vectors-inl.hpp>

// Words of factors below float32, and how rows are rounded to them.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

typedef std::uint32_t Word __attribute__((may_alias));
typedef std::uint32_t Words __attribute__((vector_size(4 * kWidth), aligned(4), may_alias));

inline Words load_words(const Word* p) {
  return *reinterpret_cast<const Words*>(p);
}
inline void store_words(Word* p, Words v) {
  *reinterpret_cast<Words*>(p) = v;
}

constexpr float kSmallestScale = 1e-30F;

inline float least_of(float a, float b) {
  return a < b ? a : b;
}

inline std::int32_t nearest(float x) {
  return static_cast<std::int32_t>(__builtin_bit_cast(std::uint32_t, x + kToInteger) -
                                   __builtin_bit_cast(std::uint32_t, kToInteger));
}

/// What is done to a row before it is rounded.
struct RowNorm {
  float scale = 1;
  float shift = 0;
};

/// Factors that round one row of inputs after the other.
template <typename Factors>
struct RowByRow {
  static void put_rows(const float* x, Index rows, Index depth, const RowNorm* norms,
                       const float* /*factors*/, Word* to, InputScale* scales) {
    for (Index row = 0; row < rows; ++row)
      scales[row] =
          Factors::put_row(x + row * depth, depth, norms[row], to + row * (depth / Factors::kFactors));
  }
};

/// How a row of weights is rounded.
struct WeightCodes {
  float codes = 1;  ///< For a weight of 1
  float value = 0;  ///< Of a code of 1
};

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
