// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include <ATen/ATen.h>
#include <predict/depth_model.hpp>
#include <torch/csrc/jit/api/module.h>

#include <engine/contract.hpp>
#include <engine/normalise.hpp>
#include <engine/parts.hpp>
#include <weights/identity.hpp>

// Which methods of a network answer a request, and in which order (docs/model-format.md, network.hpp).
namespace da3::engine {

/// A TorchScript module on its device, contract checked, weights in their precision.
struct ReadyNetwork {
  torch::jit::Module module;
  /// The same with float32 weights on the host, to compute tables there; none where the device computes them.
  std::optional<torch::jit::Module> host_module;
  Offered offered;
  Parts parts;  ///< Those that the module was made with
  DeviceId device;
  Precision precision = Precision::kFp32;
  Attention attention = Attention::kFixed;
  int threads = 1;          ///< Of a forward on a CPU
  bool recordable = false;  ///< Nothing in a forward depends on values that only the device knows
  NormaliseOn normalise = NormaliseOn::kDevice;
  /// Scenes of a request are computed together as long as they have no more tokens; 0: all of them together.
  std::int64_t most_tokens = 0;
  std::int64_t head_views = 0;  ///< Views of a scene that the head sees at a time; 0: all of them
  std::filesystem::path file;
  weights::FileStamp stamp;  ///< Of the file before it was opened
};

/// Nothing is computed besides depth, maps and cameras.
bool is_plain(const predict::Wanted& wanted);

/// Backbone and head are separate calls.
bool runs_in_steps(const ReadyNetwork& network, const predict::Request& request);

/// The outputs by name, on the device. `image`: (B, S, 3, H, W) normalised; `tables`: of its size, where the
/// network takes them. `after_backbone` is called between the steps, if there are such.
torch::jit::IValue call_network(ReadyNetwork& network, const at::Tensor& image,
                                const torch::jit::IValue& tables, const predict::Request& request,
                                const std::function<void()>& after_backbone);

}  // namespace da3::engine
