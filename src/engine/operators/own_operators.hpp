// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace da3::engine {

/// Of queries and keys that are normed and rotated.
inline constexpr std::int64_t kRotatedMultiple = 64;
inline constexpr float kHeadNormEpsilon = 1e-5F;

/// True if this processor has own kernels (kernels/kernels.hpp). Then the operators of the namespace `da3`
/// can be called from TorchScript text; they take contiguous float32 CPU tensors of the layouts below and
/// check them.
///
///   da3::attention(Tensor q, Tensor k, Tensor v) -> Tensor
///       softmax(q k^T / sqrt(d)) v. q, k, v: (B, heads, N, d), any strides but 1 in d; d a multiple of 32.
///       Returns (B, N, heads * d), contiguous.
///   da3::attention_bf16(Tensor q, Tensor k, Tensor v) -> Tensor
///       The same with q, k, v and the softmax's exponentials rounded to bfloat16 and sums in float32.
///       Throws: c10::Error where bf16_attention_available() is false.
///   da3::attention_int8(Tensor q, Tensor k, Tensor v) -> Tensor
///       The same with 8-bit codes: q and k with a scale for each row, v for each feature, the exponentials
///       for each row and block of keys; sums are exact. d a multiple of 64 up to 256.
///       Throws: c10::Error where int8_attention_available() is false.
///   da3::norm_rotate_(Tensor(a!) qkv, Tensor? shift, Tensor q_weight, Tensor q_bias, Tensor k_weight, Tensor
///   k_bias, Tensor cos, Tensor sin) -> Tensor(a!)
///       Adds shift (3 * heads * d). Norms (epsilon 1e-5) of queries and keys over each head, then their
///       rotary embedding, in place. qkv: (B, N, 3, heads, d), d a multiple of 64; cos, sin: (N, 1, d), the
///       sine of the first of a pair with a minus.
///   da3::normed(Tensor x, float epsilon) -> Tensor
///       Layer norm of the rows of x (..., C), contiguous, without scale and shift; C a multiple of 16.
///   da3::beside_norm(Tensor within, Tensor x, Tensor weight, Tensor bias, float epsilon) -> Tensor
///       [within, layer norm of x] side by side without the first token of each: (B, N, C) twice to (B, N -
///       1, 2 C); weight, bias: (C), C a multiple of 16.
///   da3::gelu_(Tensor(a!) x, Tensor? shift=None) -> Tensor(a!)
///       gelu(x + shift) in place, the exact form. x: contiguous; shift: as long as a row of x.
///   da3::depth_tail(Tensor x, Tensor packed, Tensor bias, Tensor map, Tensor weight1, Tensor bias1, int
///   height, int width)
///       -> Tensor
///       conv1x1(relu(conv3x3(upsample(x)) + map)), where map, or empty, is added behind the 3x3 convolution,
///       whose weight (32, C, 3, 3) is packed by pack_winograd. map: (3 * (width + height), 32), what is
///       added for each column of the first, an inner and the last row, then for each row the same of
///       columns. x: (B, C, h, w) channels_last. Returns (B, outputs, height, width), contiguous.
///   da3::pack_winograd(Tensor weight, bool int16=False) -> Tensor
///       (K, C, 3, 3) transformed for conv3, conv3_upsampled and depth_tail, whose factors it decides:
///       float32 (four times as large) or 16-bit codes (twice as large, int32); K and C multiples of 16.
///   da3::conv3(Tensor x, Tensor weight, Tensor packed, Tensor? bias, bool relu, Tensor? residual) -> Tensor
///       conv3x3(relu ? relu(x) : x) + residual, stride 1, zero padding 1, by Winograd's F(4x4, 3x3), small
///       maps by LibTorch. x: (B, C, h, w), residual: the result's shape; both and the result channels_last.
///   da3::conv3_upsampled(Tensor x, Tensor weight, Tensor packed, Tensor? bias, int height, int width) ->
///   Tensor
///       conv3x3(upsample(x)), bilinear with align_corners, as conv3 otherwise; the upsampled map never
///       exists.
///   da3::linear(Tensor x, Tensor weight, Tensor? bias, bool gelu=False) -> Tensor
///       x weight^T + bias, or its exact GELU. x: (..., K); weight: (N, K). Returns (..., N), contiguous.
///   da3::linear_add_(Tensor(a!) residual, Tensor x, Tensor weight, Tensor? bias) -> Tensor(a!)
///       Adds x weight^T + bias to residual, in place. residual: (..., N), as many rows as x.
///
/// Calling this links the operators in.
bool own_operators_available();

/// True if this processor has an own kernel for da3::attention_bf16.
bool bf16_attention_available();

/// True if this processor has an own kernel for da3::attention_int8.
bool int8_attention_available();

}  // namespace da3::engine
