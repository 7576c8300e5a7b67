// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

#include <engine/kernels/kernels.hpp>
#include <engine/network/lowering.hpp>

// What the operators of low_products.hpp share.
namespace da3::engine {

/// This processor's kernels for such products; nullptr: none.
const kernels::ProductKernels* kernels_of(BlockProducts products);

/// True for contiguous float32 on the CPU.
bool is_rows(const at::Tensor& x);

/// What a layer's weights are, checked. Holds pointers into its tensors.
struct PackedLayer {
  const kernels::ProductKernels* kernel;
  const std::uint32_t* packed;
  const float* bias;     ///< nullptr: none
  const float* factors;  ///< (depth) what inputs are multiplied by before they are rounded; nullptr: ones
  std::int64_t depth;
  std::int64_t outputs;
};

/// The layer of weights that pack_low_product made of a (N, depth), with a bias (N) and factors (depth).
/// Throws: c10::Error if they are of another shape, or of a kind that this processor has no kernels for.
PackedLayer layer_of(const at::Tensor& packed, const std::optional<at::Tensor>& bias, std::int64_t depth,
                     std::int64_t kind, const std::optional<at::Tensor>& factors = {});

/// Register tiles of rows that meet all panels of weights: their inputs and results stay in the second-level
/// cache, and a panel is read for enough of them.
constexpr std::int64_t kTilesPerTask = 4;

}  // namespace da3::engine
