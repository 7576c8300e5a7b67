// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <initializer_list>

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <engine/compiled_methods.hpp>

namespace da3::engine {
namespace {

void compile(const torch::jit::Module& module, std::initializer_list<const char*> methods) {
  for (const char* name : methods) {
    const auto method = module.find_method(name);
    if (!method) continue;
    auto* function = torch::jit::tryToGraphFunction(method->function());
    if (function == nullptr) continue;
    torch::jit::Stack no_inputs;
    function->get_executor().getPlanFor(no_inputs);
  }
}

}  // namespace

void compile_methods(const torch::jit::Module& module, const Offered& offered) {
  if (offered.tables) {
    compile(module, {"tables", "features_with", "decode_with"});
  } else if (offered.split) {
    compile(module, {"features", "decode"});
  } else {
    compile(module, {"forward"});
  }
}

}  // namespace da3::engine
