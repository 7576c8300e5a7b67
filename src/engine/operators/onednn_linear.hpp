// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <ATen/core/Tensor.h>

namespace da3::engine {

/// True if products can go to oneDNN here: LibTorch has it, and the address space is not limited. oneDNN ends
/// the program where memory for its description of a product is not given (3.12, matmul_pd_t), which happens
/// under such a limit only.
bool onednn_available();

/// x weight^T + bias by oneDNN, as networks lowered for it call it. x: (..., K); weight: (N, K), also packed.
/// Only where oneDNN is available. Throws: c10::Error.
at::Tensor onednn_linear(const at::Tensor& x, const at::Tensor& weight,
                         const std::optional<at::Tensor>& bias = std::nullopt);

}  // namespace da3::engine
