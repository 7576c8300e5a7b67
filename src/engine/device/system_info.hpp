// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <predict/memory_probe.hpp>

#include <da3/device.hpp>

namespace da3::engine {

struct DeviceInfo {
  DeviceId id;
  std::string name;                         ///< Empty where the system does not tell
  int compute_capability = 0;               ///< Major * 10 + minor on CUDA, else 0
  std::optional<core::MemoryState> memory;  ///< None where it could not be asked
};

/// One line of the table of operators: what is used for a purpose here, and why.
struct OperatorChoice {
  std::string purpose;  ///< Such as "attention, cpu, fp32"
  std::string choice;   ///< Such as "sdpa"
  std::string reason;
};

/// A kind of device that cannot be used here, by its first member.
struct AbsentDevice {
  DeviceId id;
  std::string reason;
};

/// What the engine runs on, for `da3 doctor` and the records of benchmarks.
struct SystemInfo {
  std::string libtorch_version;  ///< Such as "2.13.0"
  std::string blas;              ///< Such as "mkl", "open"; "unknown" where LibTorch does not tell
  std::string mkl_version;       ///< Empty without MKL
  std::string onednn_version;    ///< Empty without oneDNN
  std::string cpu_model;
  std::string cpu_capability;  ///< The instruction set that LibTorch's kernels use, such as "AVX2"
  std::vector<std::string> cpu_features;
  std::string openmp;               ///< Version text; empty without OpenMP
  int threads = 1;                  ///< Of a forward on the CPU when nothing else is asked for
  std::string cuda_version;         ///< That LibTorch was built with, such as "12.8"; empty without
  std::vector<DeviceInfo> devices;  ///< As available_devices()
  std::vector<AbsentDevice> absent;
  std::vector<OperatorChoice> operators;
};

/// Threads: any. Takes a second or two where a GPU must be woken up.
SystemInfo system_info();

}  // namespace da3::engine
