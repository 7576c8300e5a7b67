// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <exception>

#include <ATen/Context.h>

#include <da3/error.hpp>

#include <engine/network/block_products.hpp>
#include <engine/precision.hpp>

namespace da3::engine {
namespace {

/// Why a precision cannot run; empty if it can.
std::string obstacle(Precision precision, const PrecisionFacts& facts) {
  if (precision == Precision::kFp32) return "";
  if (!facts.own_network) {
    return "a file with another network may need float32 anywhere, only da3's networks keep their head "
           "in it";
  }
  if (precision == Precision::kInt8) {
    if (facts.device.kind != DeviceKind::kCpu) return "8-bit products are there for CPUs only";
    return has_int8_engine() ? "" : "this LibTorch has no engine for 8-bit products on this processor";
  }
  if (facts.device.kind == DeviceKind::kCpu) {
    if (precision == Precision::kFp16) return "CPUs compute fp16 slower than fp32";
    if (!facts.cpu.fast_bf16()) {
      return "this CPU has no bfloat16 products (AVX512_BF16, AMX or Arm BF16), so bf16 would be slower than "
             "fp32";
    }
  }
  // Turing and older have no bfloat16 units and emulate it.
  constexpr int kFirstBf16 = 80;
  if (facts.device.kind == DeviceKind::kCuda && precision == Precision::kBf16 &&
      facts.compute_capability != 0 && facts.compute_capability < kFirstBf16) {
    return "GPUs before compute capability 8.0 have no bfloat16 units";
  }
  return "";
}

std::string possible(const PrecisionFacts& facts) {
  std::string names;
  for (const Precision each : {Precision::kFp32, Precision::kBf16, Precision::kFp16, Precision::kInt8}) {
    if (obstacle(each, facts).empty()) names += (names.empty() ? "" : ", ") + std::string(to_string(each));
  }
  return names;
}

}  // namespace

Precision choose_precision(std::optional<Precision> wanted, const PrecisionFacts& facts) {
  if (!wanted) {
    if (facts.device.kind != DeviceKind::kCuda || !facts.own_network) return Precision::kFp32;
    return obstacle(Precision::kBf16, facts).empty() ? Precision::kBf16 : Precision::kFp16;
  }
  if (const std::string reason = obstacle(*wanted, facts); !reason.empty()) {
    throw Error(ErrorCode::kPrecisionUnsupported, "Precision " + std::string(to_string(*wanted)) +
                                                      " cannot run on " + to_string(facts.device) + ": " +
                                                      reason + ". Possible: " + possible(facts));
  }
  return *wanted;
}

namespace {

std::mutex& cuda_setting() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

PrecisionScope::PrecisionScope(const DeviceId& device, Precision precision) {
  if (!to_torch(device).is_cuda()) return;
  lock_ = std::unique_lock(cuda_setting());
  at::globalContext().setAllowTF32CuDNN(precision != Precision::kFp32);
}

PrecisionScope::~PrecisionScope() {
  if (!lock_) return;
  try {
    at::globalContext().setAllowTF32CuDNN(false);
  } catch (const std::exception&) {
    // The setting stays; the next scope sets its own.
  }
}

at::ScalarType backbone_type(Precision precision, const DeviceId& device) {
  if (device.kind == DeviceKind::kCpu) return at::kFloat;
  return product_type(precision);
}

at::ScalarType product_type(Precision precision) {
  if (precision == Precision::kBf16) return at::kBFloat16;
  if (precision == Precision::kFp16) return at::kHalf;
  return at::kFloat;
}

}  // namespace da3::engine
