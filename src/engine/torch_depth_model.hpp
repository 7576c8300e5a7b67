// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

#include <engine/contract.hpp>
#include <infer/depth_model.hpp>

namespace da3::engine {

/// A TorchScript module on its device, contract checked, weights in their precision.
struct ReadyNetwork {
  torch::jit::Module module;
  Offered offered;
  DeviceId device;
  Precision precision = Precision::kFp32;
  Attention attention = Attention::kFixed;
  int threads = 1;  ///< Of a forward on a CPU
};

/// The real DepthModel.
/// Threads: predict may be called from several; on a CPU each of them gets OpenMP threads of its own, so use
/// one.
class TorchDepthModel final : public infer::DepthModel {
 public:
  TorchDepthModel(ReadyNetwork network, ModelSpec spec);
  ~TorchDepthModel() override;

  const ModelSpec& spec() const override { return spec_; }
  DeviceId device() const override { return network_.device; }
  Precision precision() const override { return network_.precision; }
  Attention attention() const override { return network_.attention; }

  infer::Result predict(const infer::Request& request) override;
  void synchronize() override;
  int concurrency() const override;

 private:
  class Phases;
  using Shape = std::tuple<int, int, Size>;

  infer::Result run(const infer::Request& request);
  void change_shape(const Shape& shape);
  torch::jit::IValue tables(Size size);
  at::Tensor upload(const infer::Request& request) const;
  at::Tensor normalise(const at::Tensor& pixels) const;
  torch::jit::IValue forward(const at::Tensor& image, const torch::jit::IValue& tables,
                             const infer::Request& request, Phases& phases, infer::PhaseTimes& times);
  torch::jit::IValue forward_in_steps(const at::Tensor& image, const torch::jit::IValue& tables,
                                      const infer::Request& request, Phases& phases,
                                      infer::PhaseTimes& times);
  torch::jit::IValue features_for_head(torch::jit::IValue features) const;

  ReadyNetwork network_;
  ModelSpec spec_;
  at::Tensor mean_;  ///< (3, 1, 1) on the device, as std_
  at::Tensor std_;

  std::mutex mutex_;  ///< Guards what follows
  std::optional<Shape> last_shape_;
  std::vector<std::pair<Size, torch::jit::IValue>> tables_;  ///< Most recently used last
};

}  // namespace da3::engine
