// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <weights/model_config.hpp>

namespace da3::weights {

/// What a tensor of a published file is needed for.
enum class TensorUse {
  kDepth,        ///< Depth, confidence, sky
  kPose,         ///< Camera decoder
  kCameraInput,  ///< Camera encoder: only when cameras are given
  kRay,          ///< Auxiliary ray head
  kGaussians,    ///< Gaussian head
  kNever,        ///< In the file without influence on any output
};

/// "depth", "pose", "camera-input", "ray", "gaussians" or "never".
std::string_view to_string(TensorUse use);

/// One tensor of a published file; all are float32.
struct TensorEntry {
  std::string name;  ///< With the `model.` prefix
  std::vector<std::int64_t> shape;
  TensorUse use = TensorUse::kDepth;
  /// Further names of the same tensor; a file holds it under any one of them, or under several.
  std::vector<std::string> aliases;

  std::int64_t num_elements() const;
};

/// The tensors that the published file of this configuration has, ascending by name (bytewise).
std::vector<TensorEntry> tensor_list(const NetworkConfig& config);

}  // namespace da3::weights
