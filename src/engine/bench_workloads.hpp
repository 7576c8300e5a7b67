// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <da3/device.hpp>
#include <da3/image.hpp>

#include <engine/engine.hpp>

// Work for benchmarks, as callables: no LibTorch type appears here, and nothing is timed here.
namespace da3::engine {

/// A square matrix product by which machines are held against each other.
struct MatmulWorkload {
  std::function<void()> run;          ///< Queues one product
  std::function<void()> synchronize;  ///< Returns when it is done
  double flops = 0;                   ///< Of one run
};

/// A matrix product in a precision; on a CPU by the faster of LibTorch's two libraries, BLAS and oneDNN.
/// `threads`: of the CPU; 0: the engine's own choice.
/// Throws: Error kDeviceUnavailable, kPrecisionUnsupported (int8 has no plain product), kOutOfMemory.
MatmulWorkload make_matmul_workload(const DeviceId& device, Precision precision, int threads);

/// From a prepared picture, (H, W, 3) RGB, to the network's input on the device; returns when it is there.
using InputWorkload = std::function<void(std::span<const std::uint8_t> rgb, Size size)>;

/// Normalises with ImageNet's mean and deviation, on the device or before the upload. Threads: use from one.
/// Throws: Error kDeviceUnavailable.
InputWorkload make_input_workload(const DeviceId& device, NormaliseOn normalise);

/// One attention layer as the any-view networks have it: projections, q/k norms, rotary embedding, attention.
struct AttentionShape {
  std::int64_t tokens = 0;
  int heads = 0;
  int head_dim = 64;
};

/// Attention of a shape with drawn weights. Threads: use from one.
class AttentionWorkload {
 public:
  virtual ~AttentionWorkload() = default;
  virtual void run_core() = 0;   ///< softmax(q k^T / sqrt(d)) v alone, on contiguous q, k, v
  virtual void run_layer() = 0;  ///< The whole layer
  virtual void synchronize() = 0;
  /// Highest tensor memory above what the workload holds anyway, of the call before. Null where it is not
  /// counted.
  virtual std::optional<std::uint64_t> peak_bytes() const = 0;
  /// What runs: "manual", "da3" for the own CPU kernel, or of SDPA "flash", "memory-efficient", "cudnn",
  /// "math".
  virtual std::string backend() const = 0;
};

/// Throws: Error kDeviceUnavailable, kPrecisionUnsupported (int8), kOutOfMemory.
std::unique_ptr<AttentionWorkload> make_attention_workload(const DeviceId& device, Precision precision,
                                                           Attention mode, const AttentionShape& shape,
                                                           int threads);

}  // namespace da3::engine
