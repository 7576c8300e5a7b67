// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <engine/contract.hpp>

namespace da3::engine {

/// Compiles the methods that a forward for depth calls, which LibTorch would do at their first call. There
/// memory may run out in the middle of it, after which the method reads a plan that was never made (LibTorch
/// 2.13, ProfilingGraphExecutorImpl) and the program crashes. Throws: what LibTorch throws.
void compile_methods(const torch::jit::Module& module, const Offered& offered);

}  // namespace da3::engine
