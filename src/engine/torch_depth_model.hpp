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

#include <engine/device/device_layer.hpp>
#include <engine/device/graph_cache.hpp>
#include <engine/network_calls.hpp>
#include <engine/normalise.hpp>

namespace da3::engine {

/// The real DepthModel.
///
/// Requests pass through three steps: upload, forward, download. Forward passes are queued one request after
/// the other, so that a second request's memory is the first one's again; copies of one request overlap the
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

  /// Throws: Error kModelDamaged if the file of the weights was written to since it was opened.
  void require_unchanged_file() const;

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
  /// Forward passes of this kind may be recorded.
  bool is_recordable(const predict::Request& request) const;
  std::vector<at::Tensor> compute(const at::Tensor& pixels, const torch::jit::IValue& tables,
                                  const predict::Request& request, Stopwatch* stopwatch);
  std::vector<at::Tensor> compute_together(const at::Tensor& pixels, const torch::jit::IValue& tables,
                                           const predict::Request& request, Stopwatch* stopwatch);
  /// How many parts the scenes are computed in, as `most_tokens` has it.
  std::int64_t num_parts(const predict::Request& request) const;
  void tell_phases(Lane& lane, bool in_steps, predict::PhaseTimes& times) const;

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
