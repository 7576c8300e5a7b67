// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace da3::engine {

/// True if this processor has own kernels (kernels/kernels.hpp). Then the operators of the namespace `da3`
/// can be called from TorchScript text; they take contiguous float32 CPU tensors of the layouts below and
/// check them.
///
///   da3::attention(Tensor q, Tensor k, Tensor v) -> Tensor
///       softmax(q k^T / sqrt(d)) v. q, k, v: (B, heads, N, d), any strides but 1 in d; d a multiple of 32.
///       Returns (B, N, heads * d), contiguous.
///   da3::gelu_(Tensor(a!) x) -> Tensor(a!)
///       The exact form in place. x: contiguous.
///   da3::pack_conv3(Tensor weight) -> Tensor
///       (32, C, 3, 3) in the order that depth_tail reads; C a multiple of 16.
///   da3::depth_tail(Tensor x, Tensor packed, Tensor bias, Tensor map, Tensor weight1, Tensor bias1, int
///   height, int width)
///       -> Tensor
///       conv1x1(relu(conv3x3(upsample(x)) + map)), where map (height, width, 32), or empty, is added behind
///       the 3x3 convolution. x: (B, C, h, w) channels_last. Returns (B, outputs, height, width), contiguous.
///
/// Calling this links the operators in.
bool own_operators_available();

}  // namespace da3::engine
