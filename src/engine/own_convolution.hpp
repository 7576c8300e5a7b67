// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <ATen/core/Tensor.h>

// The convolution operators of own_operators.hpp.
namespace da3::engine {

/// Channels that `conv3` takes are multiples of this.
inline constexpr int kConv3ChannelMultiple = 16;

/// Maps of fewer tiles of 4x4 go to LibTorch: the transformed weights would be read for too few
/// (docs/performance.md).
inline constexpr int kFewestWinogradTiles = 40;

/// da3::pack_winograd. On all of LibTorch's threads.
at::Tensor pack_winograd(const at::Tensor& weight);

/// da3::conv3. Maps below kFewestWinogradTiles go to LibTorch's convolution.
at::Tensor conv3(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& packed,
                 const std::optional<at::Tensor>& bias, bool relu, const std::optional<at::Tensor>& residual);

}  // namespace da3::engine
