// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <engine/kernels/vectors-inl.hpp>

// The exact GELU.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

/// erf(z): odd rational approximation of degrees 11 and 10 on [-3.925, 3.925], where erf reaches 1 in
/// float32; our own weighted least-squares fit, 1.7e-8 from erf before rounding.
inline Vec error_function(Vec z) {
  const Vec x = max(min(z, splat(3.925F)), splat(-3.925F));
  const Vec s = x * x;
  Vec p = splat(2.030862937e-06F);
  p = p * s + 0.0002874891263F;
  p = p * s + 0.003876255528F;
  p = p * s + 0.05308413517F;
  p = p * s + 0.1929710758F;
  p = p * s + 1.12837902F;
  Vec q = splat(3.803122085e-05F);
  q = q * s + 0.001189729865F;
  q = q * s + 0.01518821677F;
  q = q * s + 0.1151668275F;
  q = q * s + 0.5043478021F;
  q = q * s + 1.0F;
  return x * p / q;
}

inline Vec gelu_of(Vec x) {
  return 0.5F * x * (1.0F + error_function(x * 0.70710678118654752F));
}

/// The GELU within 9e-5, for results that are rounded afterwards: the normal distribution as an odd
/// polynomial of degree 15 on [-4.2, 4.2], our own weighted fit, which is 0 and 1 at the ends and beyond.
inline Vec near_gelu_of(Vec x) {
  const Vec z = max(min(x, splat(4.2F)), splat(-4.2F));
  const Vec s = z * z;
  Vec p = splat(-9.017226965e-10F);
  p = p * s + 7.941124380e-08F;
  p = p * s + -3.037870329e-06F;
  p = p * s + 6.688979192e-05F;
  p = p * s + -9.506501956e-04F;
  p = p * s + 9.298196994e-03F;
  p = p * s + -6.552813947e-02F;
  p = p * s + 0.3984658123F;
  return x * (z * p + 0.5F);
}

template <bool kShifted>
inline void gelu_row(float* x, const float* shift, Index count) {
  Index i = 0;
  for (; i + kWidth <= count; i += kWidth)
    store(x + i, gelu_of(kShifted ? load(x + i) + load(shift + i) : load(x + i)));
  for (; i < count; ++i) x[i] = gelu_of(splat(kShifted ? x[i] + shift[i] : x[i]))[0];
}

[[maybe_unused]] void gelu(float* x, const float* shift, Index count) {
  if (shift != nullptr) {
    gelu_row<true>(x, shift, count);
  } else {
    gelu_row<false>(x, nullptr, count);
  }
}

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
