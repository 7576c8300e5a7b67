// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <engine/network/network.hpp>

// Smoothing of 8-bit products. A row of inputs has one scale, so a channel that is far larger than the others
// takes their bits. Inputs are multiplied by a factor for each channel, which makes the channels more equal,
// and the weights by its inverse: the product is the same. Factors are powers of two, so that nothing else is
// rounded by them. After SmoothQuant (Xiao et al., 2023, arXiv:2211.10438), with the strength chosen for each
// layer.
namespace da3::engine {

/// "LAYER.smoothing": the exponents of a layer's factors, (K) int8, in a file and among its tensors.
inline constexpr std::string_view kSmoothingSuffix = ".smoothing";
inline constexpr int kLargestExponent = 30;

/// Adds the exponents that `tensors` has for layers of `selected`. Throws: Error kModelContract if they are
/// not those of the layer's inputs.
void select_smoothing(const TensorMap& tensors, TensorMap& selected);

/// The factors of a layer, (K) float32, or none; its exponents leave `tensors` and its weight is multiplied
/// by their inverse.
std::optional<at::Tensor> smooth_weight(TensorMap& tensors, const std::string& layer);

/// What the inputs of a layer were on some pictures.
struct InputStatistics {
  at::Tensor largest;  ///< (K) magnitudes, float32
  at::Tensor squares;  ///< (K) their mean squares, float32
};

struct LayerSmoothing {
  at::Tensor exponents;  ///< (K) int8
  /// Estimates of the root mean square of the product's rounding error over that of the product, for inputs
  /// that are not correlated.
  double error_before = 0;
  double error_after = 0;  ///< At most error_before
};

/// The exponents of least estimated error for a weight (N, K), of factors that move a quarter to all of the
/// inputs' unevenness into the weights; zeros where none takes a fifth of the error
/// away. Throws: Error kPredictionInvalid for inputs or weights that are not finite.
LayerSmoothing choose_smoothing(const at::Tensor& weight, const InputStatistics& inputs);

/// What the layers of a module that was built with Lowering::observe_inputs saw, by their paths. Layers that
/// saw nothing are left out.
std::map<std::string, InputStatistics> observed_inputs(const torch::jit::Module& module);

}  // namespace da3::engine
