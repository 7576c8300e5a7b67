// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include <ATen/core/ScalarType.h>
#include <c10/core/Device.h>
#include <torch/csrc/jit/api/module.h>

// Our own networks are made on the CPU in float32, where norms are folded exactly and the weights are views
// of the mapped file, and then put where they run.
namespace da3::engine {

/// Where a network runs and in what types.
struct Placement {
  c10::Device device;
  at::ScalarType backbone = at::kFloat;  ///< Of the backbone's weights; all others are float32
};

/// The module with its tensors there. It shares the class, and the tensors that need no change, with
/// `module`.
torch::jit::Module place(const torch::jit::Module& module, const Placement& placement);

/// Bytes that `place` takes on the device.
std::uint64_t placed_bytes(const torch::jit::Module& module, const Placement& placement);

/// True for the entries of a network's `tables` that have the backbone's type.
bool is_backbone_table(std::string_view key);

}  // namespace da3::engine
