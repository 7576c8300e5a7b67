// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <predict/depth_model.hpp>
#include <torch/csrc/jit/api/module.h>

#include <engine/contract.hpp>
#include <engine/device/device_layer.hpp>
#include <engine/device/graph_cache.hpp>
#include <engine/normalise.hpp>
#include <engine/parts.hpp>

namespace da3::engine {

/// A TorchScript module on its device, contract checked, weights in their precision.
struct ReadyNetwork {
  torch::jit::Module module;
  /// The same with float32 weights on the host, to compute tables there; none where the device computes them.
  std::optional<torch::jit::Module> host_module;
  Offered offered;
  Parts parts;  ///< Those that the module was made with
  DeviceId device;
  Precision precision = Precision::kFp32;
  Attention attention = Attention::kFixed;
  int threads = 1;          ///< Of a forward on a CPU
  bool recordable = false;  ///< Nothing in a forward depends on values that only the device knows
  NormaliseOn normalise = NormaliseOn::kDevice;
  /// Scenes of a request are computed together as long as they have no more tokens; 0: all of them together.
  std::int64_t most_tokens = 0;
  std::int64_t head_views = 0;  ///< Views of a scene that the head sees at a time; 0: all of them
};

/// The real DepthModel.
///
/// Requests pass through three steps: upload, forward, download. Forwards are queued one request after the
/// other, so that a second request's memory is the first one's again; copies of one request overlap the
/// forward of another. Threads: predict may be called from several; on a CPU each of them gets OpenMP threads
/// of its own, so use one.
class TorchDepthModel final : public predict::DepthModel {
 public:
  TorchDepthModel(ReadyNetwork network, ModelSpec spec);
  ~TorchDepthModel() override;

  const ModelSpec& spec() const override { return spec_; }
  DeviceId device() const override { return network_.device; }
  Precision precision() const override { return network_.precision; }
  Attention attention() const override { return network_.attention; }
  bool takes_cameras() const override { return network_.parts.camera_encoder; }
  bool takes_reference() const override { return network_.offered.scene || !spec_.network_id.empty(); }

  predict::Result predict(const predict::Request& request) override;
  void synchronize() override;
  int concurrency() const override;

  /// Shapes that are replayed from a recording.
  int num_recorded() const;

 private:
  struct Lane;
  class LaneLoan;
  using Shape = std::tuple<int, int, Size>;

  predict::Result run(const predict::Request& request);
  void give_memory_back();
  void change_shape(const Shape& shape);
  torch::jit::IValue tables(Size size);
  torch::jit::IValue make_tables(Size size);
  void record_if_due(const predict::Request& request);
  std::vector<at::Tensor> run_forward(const at::Tensor& pixels, const predict::Request& request, Lane& lane,
                                      predict::Result& result);
  std::vector<at::Tensor> replay_or_compute(const at::Tensor& pixels, const predict::Request& request,
                                            Lane& lane, predict::Result& result);
  /// Forwards of this kind may be recorded.
  bool is_recordable(const predict::Request& request) const;
  torch::jit::IValue with_wishes(const torch::jit::IValue& tables, const predict::Request& request);
  std::vector<at::Tensor> compute(const at::Tensor& pixels, const torch::jit::IValue& tables,
                                  const predict::Request& request, Stopwatch* stopwatch);
  std::vector<at::Tensor> compute_together(const at::Tensor& pixels, const torch::jit::IValue& tables,
                                           const predict::Request& request, Stopwatch* stopwatch);
  /// How many parts the scenes are computed in, as `most_tokens` has it.
  std::int64_t num_parts(const predict::Request& request) const;
  torch::jit::IValue forward_in_steps(const at::Tensor& image, const torch::jit::IValue& tables,
                                      const predict::Request& request, Stopwatch* stopwatch);
  torch::jit::IValue see_scene(const at::Tensor& image, const predict::Request& request);
  torch::jit::IValue decode_views(const torch::jit::IValue& features, const torch::jit::IValue& tables,
                                  const predict::Request& request);
  torch::jit::IValue features_for_head(torch::jit::IValue features) const;
  void tell_phases(Lane& lane, bool in_steps, predict::PhaseTimes& times) const;
  /// A network that da3 does not know is asked for more than it gives of each photo alone.
  bool is_for_scene(const predict::Request& request) const;
  /// Backbone and head are calls of their own.
  bool in_steps(const predict::Request& request) const;

  ReadyNetwork network_;
  ModelSpec spec_;
  const DeviceLayer& layer_;
  Normaliser normaliser_;

  /// Held by every request from upload to download, alone by what needs the device for itself.
  std::shared_mutex flight_;
  mutable std::mutex forward_;  ///< Held while a forward is queued

  mutable std::mutex mutex_;  ///< Guards what follows
  std::optional<Shape> last_shape_;
  std::vector<std::pair<Size, torch::jit::IValue>> tables_;  ///< Most recently used last
  std::vector<std::unique_ptr<Lane>> lanes_;                 ///< Not in use
  GraphCache graphs_;                                        ///< Guarded by forward_
};

}  // namespace da3::engine
