// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>
#include <utility>

#include <ATen/ATen.h>

#include <da3/error.hpp>

#include <engine/network/smoothing.hpp>

namespace da3::engine {
namespace {

constexpr double kInputSteps = 255;   // of a row's range
constexpr double kWeightSteps = 127;  // of an output's largest weight
constexpr double kRoundingVariance = 1.0 / 12;
constexpr double kWorthwhile = 0.8;  // of the error without factors

at::Tensor power_of_two(const at::Tensor& exponents) {
  return at::exp2(exponents.to(at::kFloat));
}

/// Estimated relative error of the product of weight / factors and inputs * factors.
double estimated_error(const at::Tensor& weight, const InputStatistics& inputs, const at::Tensor& factors) {
  const at::Tensor scaled = (weight / factors).to(at::kDouble);
  const at::Tensor squares = inputs.squares.to(at::kDouble);
  const double range = 2 * (inputs.largest * factors).max().item<double>();
  const double input_step = range / kInputSteps;
  const at::Tensor weight_steps = at::amax(scaled.abs(), {1}) / kWeightSteps;
  // Means over the outputs.
  const double from_inputs = input_step * input_step * scaled.square().sum(1).mean().item<double>();
  const double from_weights = weight_steps.square().mean().item<double>() *
                              (squares * factors.to(at::kDouble).square()).sum().item<double>();
  const double product = weight.to(at::kDouble).square().matmul(squares).mean().item<double>();
  if (!(product > 0)) return 0;
  return std::sqrt(kRoundingVariance * (from_inputs + from_weights) / product);
}

/// Above zero, so that channels without inputs or weights have a factor, too.
at::Tensor magnitudes(const at::Tensor& values) {
  constexpr double kSmallestShare = 1e-6;
  return values.to(at::kDouble).clamp_min(values.max().item<double>() * kSmallestShare);
}

}  // namespace

void select_smoothing(const TensorMap& tensors, TensorMap& selected) {
  for (const auto& [path, tensor] : tensors) {
    if (!path.ends_with(kSmoothingSuffix)) continue;
    const std::string layer = path.substr(0, path.size() - kSmoothingSuffix.size());
    const auto weight = selected.find(layer + ".weight");
    if (weight == selected.end()) continue;  // Of a part that is not wanted
    const bool fits = tensor.scalar_type() == at::kChar && tensor.dim() == 1 && weight->second.dim() == 2 &&
                      tensor.size(0) == weight->second.size(1) &&
                      tensor.to(at::kInt).abs().max().item<int>() <= kLargestExponent;
    if (!fits) {
      throw Error(ErrorCode::kModelContract, "The tensor " + path +
                                                 " does not hold an exponent for each input of its layer; "
                                                 "make it again with 'da3 model calibrate'");
    }
    selected.emplace(path, tensor);
  }
}

std::optional<at::Tensor> smooth_weight(TensorMap& tensors, const std::string& layer) {
  const auto found = tensors.find(layer + std::string(kSmoothingSuffix));
  if (found == tensors.end()) return std::nullopt;
  const at::Tensor exponents = std::move(tensors.extract(found).mapped());
  at::Tensor& weight = tensors.at(layer + ".weight");
  weight = weight * power_of_two(-exponents);
  return power_of_two(exponents);
}

LayerSmoothing choose_smoothing(const at::Tensor& weight, const InputStatistics& inputs) {
  const at::Tensor logs_of_inputs = magnitudes(inputs.largest).log2();
  const at::Tensor logs_of_weights = magnitudes(at::amax(weight.abs(), {0})).log2();
  LayerSmoothing best;
  best.exponents = at::zeros({weight.size(1)}, at::kChar);
  best.error_before = estimated_error(weight, inputs, power_of_two(best.exponents));
  best.error_after = best.error_before;
  if (!std::isfinite(best.error_before)) {
    throw Error(
        ErrorCode::kPredictionInvalid,
        "Inputs or weights of a linear layer are not finite; the model is damaged, or a picture is no "
        "photo");
  }
  for (const double strength : {0.25, 0.5, 0.75, 1.0}) {
    const at::Tensor logs = logs_of_weights * (1 - strength) - logs_of_inputs * strength;
    const at::Tensor exponents =
        (logs - logs.median()).round().clamp(-kLargestExponent, kLargestExponent).to(at::kChar).contiguous();
    const double error = estimated_error(weight, inputs, power_of_two(exponents));
    if (!(error < best.error_after) || !(error < kWorthwhile * best.error_before)) continue;
    best.exponents = exponents;
    best.error_after = error;
  }
  return best;
}

std::map<std::string, InputStatistics> observed_inputs(const torch::jit::Module& module) {
  std::map<std::string, InputStatistics> observed;
  for (const auto& [path, part] : module.named_modules()) {
    if (!part.hasattr("squares")) continue;
    const double rows = part.attr("rows").toTensor().item<double>();
    if (rows <= 0) continue;
    observed.emplace(
        path, InputStatistics{part.attr("largest").toTensor(), part.attr("squares").toTensor() / rows});
  }
  return observed;
}

}  // namespace da3::engine
