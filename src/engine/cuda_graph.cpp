// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
// The one source that needs CUDA's headers; built where CMake finds them (option DA3_CUDA_GRAPHS).
#include <memory>

#include <ATen/cuda/CUDAGraph.h>

#include <engine/graph_recording.hpp>

namespace da3::engine {
namespace {

class CudaGraph final : public KernelGraph {
 public:
  void begin(std::optional<c10::MempoolId_t> pool) override {
    graph_.capture_begin(pool.value_or(c10::MempoolId_t{0, 0}), cudaStreamCaptureModeThreadLocal);
  }
  void end() override { graph_.capture_end(); }
  void replay() override { graph_.replay(); }
  // LibTorch's own has no const, and changes nothing.
  c10::MempoolId_t pool() const override { return graph_.pool(); }

 private:
  mutable at::cuda::CUDAGraph graph_;
};

}  // namespace

std::unique_ptr<KernelGraph> make_cuda_graph() {
  return std::make_unique<CudaGraph>();
}

}  // namespace da3::engine
