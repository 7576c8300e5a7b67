// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <da3/model_spec.hpp>

#include <core/atomic_file.hpp>

namespace da3::engine {

/// Writes a model file, whole or not at all, and fills in the spec's identity. Throws: Error kOutputFailed.
void save_model(const torch::jit::Module& module, ModelSpec& spec, core::AtomicFile& file);

}  // namespace da3::engine
