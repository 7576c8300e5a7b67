// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <ATen/core/ivalue.h>
#include <predict/depth_model.hpp>

#include <engine/parts.hpp>

namespace da3::engine {

/// Throws: Error kUsage if the model cannot take the request: wrong sizes, counts, or outputs and parts that
/// it does not have or was not loaded with.
void check_request(const predict::Request& request, const ModelSpec& spec, const Parts& parts);

/// The wanted outputs of a network in float32, contiguous, on the device where they are.
/// Throws: Error kPredictionInvalid for an output that is missing or has another shape.
std::vector<at::Tensor> select_outputs(const c10::IValue& outputs, const predict::Request& request,
                                       const ModelSpec& spec);

/// The result of a request from its wanted outputs on the host. Throws: Error kPredictionInvalid for values
/// that are not finite.
predict::Result take_predictions(const std::vector<at::Tensor>& outputs, const predict::Request& request,
                                 const ModelSpec& spec);

}  // namespace da3::engine
