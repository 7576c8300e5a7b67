// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include <c10/core/QEngine.h>

#include <engine/network/module_tree.hpp>
#include <engine/network/network.hpp>

namespace da3::engine {

/// True if this LibTorch and processor have an engine for 8-bit products.
bool has_int8_engine();

/// That engine: the first of a fixed order that is there.
std::optional<at::QEngine> int8_engine();

/// Puts 8-bit layers in place of the linear layers of all blocks: their plans get packed weights, their
/// tensors leave `tensors`, one layer at a time, so the weights are in memory once. Symmetric, a scale for
/// each output. Chooses LibTorch's quantised engine for the whole process. Throws: c10::Error.
void quantize_linears(TensorMap& tensors, std::map<std::string, ModulePlan>& plans);

}  // namespace da3::engine
