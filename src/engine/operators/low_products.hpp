// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include <engine/network/lowering.hpp>

namespace da3::engine {

// Linear layers whose factors are rounded to bfloat16 or to codes of 16 or 8 bits by da3's own kernels
// (kernels/products-inl.hpp). Weights are rounded and packed when a model is loaded. The operators, with
// `kind` (the number of a BlockProducts) saying which:
//
//   da3::product(Tensor x, Tensor packed, Tensor? bias, int kind, bool gelu=False, float? norm=None,
//   Tensor? factors=None) -> Tensor
//       x weight^T + bias, or its exact GELU. x: (..., K) float32, contiguous; bias: (N). Returns (..., N).
//       norm: each row of x is normed first (layer norm without scale and shift), with that epsilon.
//       factors: (K), what each row is multiplied by before it is rounded, of which the weight takes the
//       inverse (smoothing.hpp); for 8 bits alone, as in the others.
//   da3::product_add_(Tensor(a!) residual, Tensor x, Tensor packed, Tensor? bias, int kind,
//   Tensor? factors=None) -> Tensor(a!)
//       Adds x weight^T + bias to residual, in place. residual: (..., N), contiguous, as many rows as x.
//   da3::product_rotated(Tensor x, Tensor packed, Tensor? bias, int kind, int heads, Tensor q_weight, Tensor
//   q_bias, Tensor k_weight, Tensor k_bias, Tensor cos, Tensor sin, float norm,
//   Tensor? factors=None) -> Tensor
//       da3::norm_rotate_ of the product of norm(x), while its rows are in the cache. x: (B, N, C); packed:
//       of 3 * heads * d outputs. Returns (B, N, 3, heads, d).
//   da3::low_mlp_(Tensor(a!) x, Tensor packed1, Tensor? bias1, Tensor packed2, Tensor? bias2, int kind, float
//   norm, Tensor? factors1=None, Tensor? factors2=None) -> Tensor(a!)
//       Adds layer2(gelu(layer1(norm(x)))) to x, in place: the product and product_add_ of rows that stay in
//       the second-level cache. x: (..., C), contiguous.
//   da3::low_conv3(Tensor x, Tensor packed, Tensor? bias, int kind, int stride, bool relu, Tensor?
//   residual)
//       -> Tensor
//       conv3x3(relu ? relu(x) : x) + residual, zero padding 1. x: (B, C, h, w); the weight is packed as
//       (K, 3 * 3 * C); residual: the result's shape; both and the result channels_last.
//
// bfloat16: inputs and weights are rounded to nearest, sums are float32. 8 bits: weights symmetric with a
// scale for each output; inputs with a scale and a zero for each row, so that a row's result does not depend
// on the others; sums are exact. 16 bits: both symmetric with a scale for each row and output, by their
// norms, so that sums are exact too: as close as TF32.

/// True if they take a layer of that weight (N, K).
bool suits_low_products(BlockProducts products, const at::Tensor& weight);

/// True if da3::low_mlp_ is faster than its layers apart for a first layer of that weight (N, K): larger ones
/// push the rows out of the cache that they are to stay in.
bool suits_low_mlp(BlockProducts products, const at::Tensor& weight);

/// A weight (N, K), float32, rounded and packed: (N / panel, words) int32, a row for each panel of outputs.
at::Tensor pack_low_product(BlockProducts products, const at::Tensor& weight);

}  // namespace da3::engine
