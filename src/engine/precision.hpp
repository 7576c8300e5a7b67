// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include <ATen/core/ScalarType.h>

#include <da3/device.hpp>

#include <core/host/processor.hpp>
#include <engine/device/devices.hpp>

namespace da3::engine {

/// What decides which precisions can run.
struct PrecisionFacts {
  DeviceId device;
  core::Processor cpu;
  int compute_capability = 0;  ///< Of a CUDA device; 0: unknown
  bool own_network = false;    ///< Backbone and head are known apart, so that the head can stay in float32
};

/// The precision to run in: the wish, else the device's default (fp32 on CPU and MPS; on CUDA bf16 from
/// compute capability 8.0, fp16 below). Networks of other files run in fp32 only. Throws: Error
/// kPrecisionUnsupported that names what can run and why the wish cannot.
Precision choose_precision(std::optional<Precision> wanted, const PrecisionFacts& facts);

/// How float32 convolutions multiply while work is queued: with a backbone in fp16 or bf16 the head's on CUDA
/// in TF32 (10 bits of mantissa, as fp16), else in float32. Matrix products stay in float32 always. Threads:
/// the setting is the process's, so scopes of CUDA devices wait for each other.
class PrecisionScope {
 public:
  PrecisionScope(const DeviceId& device, Precision precision);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  std::unique_lock<std::mutex> lock_;
};

/// LibTorch's type for the backbone's weights and activations: that of the products on an accelerator,
/// float32 on a CPU, where the linear layers of its blocks alone multiply in another (network/lowering.hpp).
at::ScalarType backbone_type(Precision precision, const DeviceId& device);

/// LibTorch's floating type for the products of a precision. Not for int8, which has none.
at::ScalarType product_type(Precision precision);

}  // namespace da3::engine
