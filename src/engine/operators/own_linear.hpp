// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

namespace da3::engine {

/// Linear layers of fewer rows are LibTorch's: the weights would not be worth their transposing.
inline constexpr std::int64_t kFewestLinearRows = 64;

/// Linear layers of other than multiples of this are LibTorch's.
inline constexpr std::int64_t kLinearOutputs = 16;

/// da3::linear (own_operators.hpp).
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                  bool gelu);

/// da3::linear_add_ (own_operators.hpp).
at::Tensor& linear_add(at::Tensor& residual, const at::Tensor& x, const at::Tensor& weight,
                       const std::optional<at::Tensor>& bias);

/// Parts of rows for a layer of that many panels on that many threads, so that (parts * panels) divides among
/// them evenly: the fewest, for each part transposes the weights for itself.
std::int64_t linear_row_parts(std::int64_t panels, std::int64_t threads);

}  // namespace da3::engine
