// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/passes/tensorexpr_fuser.h>
#include <torch/csrc/jit/runtime/interpreter.h>
#include <torch/csrc/jit/runtime/print_handler.h>

#include <engine/libtorch_setup.hpp>
#include <engine/operators/cpu_allocator.hpp>

namespace da3::engine {

void set_up_libtorch() {
  static std::once_flag once;
  std::call_once(once, [] {
    install_cpu_allocator();
    FLAGS_torch_jit_enable_rethrow_caught_exception = true;
    torch::jit::setTensorExprFuserEnabled(false);
    // Standard output is for results.
    torch::jit::setPrintHandler([](const std::string& text) { std::fputs(text.c_str(), stderr); });
    if (at::globalContext().hasCUDA()) {
      // Convolutions would use TF32 (10 bits of mantissa) by default, matrix products not: fp32 means fp32
      // here.
      const EngineScope scope;
      at::globalContext().setAllowTF32CuDNN(false);
      at::globalContext().setAllowTF32CuBLAS(false);
    }
  });
}

void start_compiler() {
  torch::jit::CompilationUnit().define(std::nullopt, "def first(x: Tensor) -> Tensor:\n    return x + x\n",
                                       torch::jit::nativeResolver(), nullptr);
}

// Warnings of LibTorch (deprecations, slow fallbacks) name operators that a user cannot change.
void EngineScope::Silence::process(const c10::Warning& /*warning*/) {}

EngineScope::EngineScope() : warnings_(&silence_) {}

ThreadScope::ThreadScope(int threads) : before_(at::get_num_threads()) {
  if (threads != before_) at::set_num_threads(threads);
}

ThreadScope::~ThreadScope() {
  if (at::get_num_threads() != before_) at::set_num_threads(before_);
}

}  // namespace da3::engine
