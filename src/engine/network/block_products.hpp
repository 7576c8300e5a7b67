// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include <ATen/core/ivalue.h>
#include <c10/core/QEngine.h>

#include <engine/network/module_tree.hpp>
#include <engine/network/network.hpp>

namespace da3::engine {

/// True if this LibTorch and processor have an engine for 8-bit products.
bool has_int8_engine();

/// That engine: the first of a fixed order that is there.
std::optional<at::QEngine> int8_engine();

/// A weight (out, in), float32, as 8-bit codes with a scale for each row: what at::quantize_per_channel gives
/// for scales of the largest magnitude / 127, in a fraction of its time.
at::Tensor quantize_rows(const at::Tensor& weight);

/// A linear layer's (N, K) weight and (N) bias for that engine, which has to be LibTorch's chosen one: what
/// `quantized::linear_dynamic` takes. Symmetric, a scale for each output. Throws: c10::Error.
at::IValue pack_int8(const at::Tensor& weight, const at::Tensor& bias);

/// Gives the linear layers of all blocks the products that `lowering` says, one layer at a time, so that the
/// weights are in memory once. With own_low_products layers that suit da3's products get packed weights for
/// them; the others: bfloat16: the weights are rounded to it. 8-bit: plans get packed weights
/// (symmetric, a scale for each output) and the tensors leave `tensors`; chooses LibTorch's quantised engine
/// for the whole process. Throws: c10::Error.
void lower_block_products(TensorMap& tensors, std::map<std::string, ModulePlan>& plans,
                          const Lowering& lowering);

}  // namespace da3::engine
