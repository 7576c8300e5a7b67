// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

namespace da3::engine {

/// Settings of the whole process that every entry of the engine relies on: counted CPU memory, errors that
/// keep their type on the way out of TorchScript, no fuser that compiles for half a second at the second
/// call, true float32 on GPUs. Calls after the first do nothing. Threads: any.
void set_up_libtorch();

/// The first use of TorchScript's compiler in a process, which reads the schemas of all operators (9 ms).
/// Later uses wait for it.
void start_compiler();

/// What holds while the engine works in this thread: no gradients, no warning of LibTorch on stderr, and
/// TorchScript as it is written: its optimiser inlines every block, which takes longer than all else of a
/// load (95 of 130 ms for da3-base) and gains nothing behind operators of this size.
class EngineScope {
 public:
  EngineScope();
  EngineScope(const EngineScope&) = delete;
  EngineScope& operator=(const EngineScope&) = delete;

 private:
  class Silence : public c10::WarningHandler {
   public:
    void process(const c10::Warning& warning) override;
  };
  c10::InferenceMode inference_;
  Silence silence_;
  c10::WarningUtils::WarningHandlerGuard warnings_;
  torch::jit::GraphOptimizerEnabledGuard as_written_{false};
};

/// Threads of CPU operators in this thread, until the end of the scope.
class ThreadScope {
 public:
  /// `threads` of at least 1.
  explicit ThreadScope(int threads);
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_;
};

}  // namespace da3::engine
