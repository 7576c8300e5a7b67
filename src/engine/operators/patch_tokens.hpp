// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace da3::engine {

// The patch embedding with 16-bit codes of patches and weights (low_products.hpp). The operator:
//
//   da3::patch_tokens(Tensor image, Tensor position, Tensor packed, int patch) -> Tensor
//       image: (B, S, 3, H, W) float32, contiguous, H and W multiples of `patch`; position: (1 + P, C), what
//       is added to every token; packed: from pack_patch_weight. Returns (B * S, 1 + P, C): the first of
//       `position`, then each patch, row by row, times the weight.

/// True if this processor has it for tokens of that width.
bool suits_patch_tokens(std::int64_t width);

/// A patch embedding's weight (C, 3, patch, patch), float32, rounded and packed.
at::Tensor pack_patch_weight(const at::Tensor& weight);

}  // namespace da3::engine
