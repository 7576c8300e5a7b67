// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include <engine/network/module_tree.hpp>
#include <engine/network/network.hpp>
#include <engine/operators/own_convolution.hpp>

namespace da3::engine {

/// Gives the heads' 3x3 convolutions on large maps transformed weights and the operator da3::conv3
/// (own_operators.hpp). `tensors` stay as they are; the new ones are four times as large as what they stand
/// for (kInt16: twice) and have their values after `packing.finish()`. Throws: c10::Error.
void use_winograd(const TensorMap& tensors, std::map<std::string, ModulePlan>& plans,
                  ConvolutionFactors factors, WinogradPacking& packing);

}  // namespace da3::engine
