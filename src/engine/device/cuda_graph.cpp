// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
// The one source that needs CUDA's headers; built where CMake finds them (option DA3_CUDA_GRAPHS).
#include <exception>
#include <memory>

#include <ATen/core/CachingHostAllocator.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>

#include <engine/device/graph_recording.hpp>

namespace da3::engine {
namespace {

/// LibTorch's graph, with what its older releases leave undone after a recording that failed. Before 2.13 the
/// allocator went on recording, so that no memory used on a second stream was ever free again; before 2.14
/// the recording's pool was held for good (pytorch/pytorch#180395, #190348).
class TidyGraph final : public at::cuda::CUDAGraph {
 public:
  /// Ends what was begun. Throws: as capture_end.
  void end() {
    try {
      capture_end();
    } catch (...) {
      give_up(*this);
      throw;
    }
  }

 private:
  /// A template, so that names which a release does not have are asked for and not an error.
  template <typename Self>
  static void give_up(Self& self) {
    if constexpr (!requires { self.allocated_pool_; }) {
      if (self.capture_ended_)
        return;  // Only the last step failed, after which the destructor does the rest.
      namespace allocator = c10::cuda::CUDACachingAllocator;
      allow_failure([&] { allocator::endAllocateToPool(self.capture_dev_, self.mempool_id_); });
      allow_failure([&] { allocator::releasePool(self.capture_dev_, self.mempool_id_); });
      release_pinned(*at::getHostAllocator(at::kCUDA), self.mempool_id_);
    }
  }

  /// 2.10 has no pools of pinned memory.
  template <typename Allocator>
  static void release_pinned(Allocator& pinned, c10::MempoolId_t pool) {
    if constexpr (requires { pinned.end_allocate_to_pool(pool); }) {
      allow_failure([&] { pinned.end_allocate_to_pool(pool); });
      allow_failure([&] { pinned.release_pool(pool); });
    }
  }

  template <typename Call>
  static void allow_failure(Call&& call) {
    try {
      call();
    } catch (const std::exception&) {
      // This release has done it already.
    }
  }
};

class CudaGraph final : public KernelGraph {
 public:
  void begin(std::optional<c10::MempoolId_t> pool) override {
    graph_.capture_begin(pool.value_or(c10::MempoolId_t{0, 0}), cudaStreamCaptureModeThreadLocal);
  }
  void end() override { graph_.end(); }
  void replay() override { graph_.replay(); }
  // LibTorch's own has no const, and changes nothing.
  c10::MempoolId_t pool() const override { return graph_.pool(); }

 private:
  mutable TidyGraph graph_;
};

}  // namespace

std::unique_ptr<KernelGraph> make_cuda_graph() {
  return std::make_unique<CudaGraph>();
}

}  // namespace da3::engine
