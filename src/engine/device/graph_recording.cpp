// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

// Of LibTorch 2.12 and later.
#if __has_include(<ATen/core/GraphImplInterface.h>)
#include <ATen/core/GraphImplInterface.h>
#define DA3_WITH_NEUTRAL_GRAPHS
#endif

#include <engine/device/device_layer.hpp>
#include <engine/device/graph_recording.hpp>

namespace da3::engine {
namespace {

#ifdef DA3_WITH_NEUTRAL_GRAPHS
/// What the back end itself has registered. CUDA's has not by 2.13.
class NeutralGraph final : public KernelGraph {
 public:
  explicit NeutralGraph(std::unique_ptr<at::GraphImplInterface> graph) : graph_(std::move(graph)) {}
  void begin(std::optional<c10::MempoolId_t> pool) override {
    graph_->capture_begin(pool.value_or(c10::MempoolId_t{0, 0}), at::GraphCaptureMode::ThreadLocal);
  }
  void end() override { graph_->capture_end(); }
  void replay() override { graph_->replay(); }
  c10::MempoolId_t pool() const override { return graph_->pool(); }

 private:
  std::unique_ptr<at::GraphImplInterface> graph_;
};
#endif

std::unique_ptr<KernelGraph> make_kernel_graph(c10::DeviceType type) {
#ifdef DA3_WITH_NEUTRAL_GRAPHS
  if (at::has_graph_impl(type)) return std::make_unique<NeutralGraph>(at::create_graph_impl(type));
#endif
#ifdef DA3_WITH_CUDA_GRAPHS
  if (type == c10::DeviceType::CUDA) return make_cuda_graph();
#endif
  static_cast<void>(type);
  return nullptr;
}

class GraphRecording final : public Recording {
 public:
  GraphRecording(const c10::Device& device, std::unique_ptr<KernelGraph> graph)
      : device_(device), graph_(std::move(graph)) {}

  void record(const std::function<void()>& work, const Recording* with) override {
    const auto* const other = static_cast<const GraphRecording*>(with);
    const c10::DeviceGuard on_device(device_);
    const c10::impl::VirtualGuardImpl guard(device_.type());
    const c10::Stream before = guard.getStream(device_);
    // The default stream cannot be recorded. One for all: libraries keep a workspace of some 32 MiB a stream.
    side_ = other == nullptr ? guard.getStreamFromGlobalPool(device_) : other->side_;
    const c10::Stream side = *side_;
    c10::Event ready(device_.type());
    ready.record(before);
    ready.block(side);
    {
      const c10::StreamGuard on_stream(side);
      // Libraries take their workspace for a stream at the first call on it, which cannot be recorded.
      work();
      guard.synchronizeStream(side);
      // Memory kept for reuse cannot be given up for a recording that needs more while it is made.
      at::getDeviceAllocator(device_.type())->emptyCache();
      capture(work, other);
    }
    ready.record(side);
    ready.block(before);
  }

  void replay() override {
    const c10::DeviceGuard on_device(device_);
    graph_->replay();
  }

 private:
  void capture(const std::function<void()>& work, const GraphRecording* other) {
    graph_->begin(other == nullptr ? std::nullopt : std::optional(other->graph_->pool()));
    try {
      work();
    } catch (...) {
      // A stream that goes on recording would take every later call into the graph.
      try {
        graph_->end();
      } catch (const std::exception&) {
        // Recording has ended, and that it failed is known.
      }
      throw;
    }
    graph_->end();
  }

  c10::Device device_;
  std::unique_ptr<KernelGraph> graph_;
  std::optional<c10::Stream> side_;  ///< On which it was recorded
};

}  // namespace

std::unique_ptr<Recording> make_graph_recording(const c10::Device& device) {
  std::unique_ptr<KernelGraph> graph = make_kernel_graph(device.type());
  if (!graph) return nullptr;
  return std::make_unique<GraphRecording>(device, std::move(graph));
}

std::string why_no_graph_recording(c10::DeviceType type) {
#ifdef DA3_WITH_NEUTRAL_GRAPHS
  if (at::has_graph_impl(type)) return "";
#endif
#ifdef DA3_WITH_CUDA_GRAPHS
  if (type == c10::DeviceType::CUDA) return "";
#endif
  static_cast<void>(type);
  return "LibTorch " TORCH_VERSION
         " offers them through CUDA's headers only, and da3 was built without those (CMake option "
         "DA3_CUDA_GRAPHS)";
}

}  // namespace da3::engine
