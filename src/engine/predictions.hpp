// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/ivalue.h>

#include <infer/depth_model.hpp>

namespace da3::engine {

/// Throws: Error kUsage if the model cannot take the request: wrong sizes, counts or outputs that it does not
/// have.
void check_request(const infer::Request& request, const ModelSpec& spec);

/// What was asked for, out of a network's outputs, on the host in float32. Copies from the outputs' device.
/// Throws: Error kPredictionInvalid for an output that is missing, has another shape or values that are not
/// finite.
infer::Result take_predictions(const c10::IValue& outputs, const infer::Request& request,
                               const ModelSpec& spec);

}  // namespace da3::engine
