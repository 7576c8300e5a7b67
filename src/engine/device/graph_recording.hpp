// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include <c10/core/Allocator.h>
#include <c10/core/Device.h>

namespace da3::engine {

/// A graph of kernels as LibTorch's back ends have it: what is queued on the current stream between `begin`
/// and `end`.
class KernelGraph {
 public:
  virtual ~KernelGraph() = default;
  /// Only calls of this thread that cannot be recorded are errors. Memory comes from `pool`, or from a new
  /// one.
  virtual void begin(std::optional<c10::MempoolId_t> pool) = 0;
  virtual void end() = 0;
  virtual void replay() = 0;
  virtual c10::MempoolId_t pool() const = 0;
};

#ifdef DA3_WITH_CUDA_GRAPHS
/// CUDA's (cuda_graph.cpp, which needs the CUDA toolkit's headers).
std::unique_ptr<KernelGraph> make_cuda_graph();
#endif

}  // namespace da3::engine
