// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <predict/depth_model.hpp>

#include <da3/model_spec.hpp>

#include <engine/device/device_layer.hpp>
#include <engine/engine.hpp>

namespace da3::engine {

/// (pixel / 255 in the network's input range - mean) / std, from bytes (B, S, H, W, 3) to float32 (B, S, 3,
/// H, W). Both ways compute in float32; they differ by at most kNormaliseTolerance in the normalised value.
class Normaliser {
 public:
  Normaliser(const ModelSpec& spec, const c10::Device& device);

  /// On the device of `pixels`, which must be the constructor's.
  at::Tensor on_device(const at::Tensor& pixels) const;

  /// On the host, from the pictures of a request into `image`, float32 (B, S, 3, H, W), contiguous: a table
  /// of 256 values a channel.
  void on_host(const predict::Request& request, const at::Tensor& image) const;

 private:
  ModelSpec spec_;
  at::Tensor mean_;  ///< (3, 1, 1) on the device, as std_
  at::Tensor std_;
};

/// The pictures of a request in a tensor of the host, ready to be uploaded: bytes (B, S, H, W, 3), or
/// normalised float32 (B, S, 3, H, W).
at::Tensor stage(const predict::Request& request, NormaliseOn normalise, const Normaliser& normaliser,
                 Transfers& transfers);

/// Two roundings of values below 4, of 2^-23 each.
inline constexpr float kNormaliseTolerance = 1e-6F;

}  // namespace da3::engine
