// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <future>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include <engine/kernels/kernels.hpp>

// The convolution operators of own_operators.hpp.
namespace da3::engine {

/// Channels that `conv3` takes are multiples of this.
inline constexpr int kConv3ChannelMultiple = 16;

/// Maps of fewer tiles of 4x4 go to LibTorch: the transformed weights would be read for too few
/// (docs/performance.md).
inline constexpr int kFewestWinogradTiles = 40;

/// Factors of the products of da3::conv3 and the operators like it.
enum class ConvolutionFactors { kFloat, kInt16 };

/// da3::pack_winograd: float32, or int32 with 16-bit codes.
at::Tensor pack_winograd(const at::Tensor& weight, ConvolutionFactors factors);

/// The kernels that take weights packed into such a tensor. Throws: c10::Error where there are none.
const kernels::ConvolutionKernels& convolution_kernels(const at::Tensor& packed);

/// Packs the weights of many convolutions next to other work: on one thread from start() on, on all of
/// LibTorch's threads in finish().
class WinogradPacking {
 public:
  /// What pack_winograd(weight, factors) gives, its values there after finish(). Not after start().
  /// Throws: c10::Error for a weight that pack_winograd refuses.
  at::Tensor add(const at::Tensor& weight, ConvolutionFactors factors);

  void start();
  void finish();

 private:
  struct Job {
    at::Tensor weight;
    at::Tensor packed;
  };

  void pack_rest();

  std::vector<Job> jobs_;
  std::atomic<std::size_t> next_ = 0;
  std::future<void> worker_;  ///< Last: its end waits for the thread, which uses the others
};

/// da3::conv3. Maps below kFewestWinogradTiles go to LibTorch's convolution.
at::Tensor conv3(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& packed,
                 const std::optional<at::Tensor>& bias, bool relu, const std::optional<at::Tensor>& residual);

/// da3::conv3_upsampled. Maps below kFewestWinogradTiles go to LibTorch.
at::Tensor conv3_upsampled(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& packed,
                           const std::optional<at::Tensor>& bias, std::int64_t height, std::int64_t width);

}  // namespace da3::engine
