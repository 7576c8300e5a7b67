// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <exception>
#include <string_view>

#include <ATen/Context.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/version.h>

#include <core/host/host_memory.hpp>
#include <core/host/processor.hpp>
#include <engine/attention_mode.hpp>
#include <engine/device/devices.hpp>
#include <engine/device/system_info.hpp>
#include <engine/engine.hpp>
#include <engine/libtorch_setup.hpp>
#include <engine/operators/cpu_operators.hpp>
#include <engine/precision.hpp>

namespace da3::engine {
namespace {

/// The value of `KEY=value,` in LibTorch's build settings.
std::string build_setting(const std::string& settings, std::string_view key) {
  const auto at = settings.find(std::string(key) + "=");
  if (at == std::string::npos) return "";
  const auto start = at + key.size() + 1;
  return settings.substr(start, settings.find(',', start) - start);
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

/// CUDA's 12080 as "12.8".
std::string cuda_version() {
  if (!at::detail::getCUDAHooks().isBuilt()) return "";
  try {
    const long version = at::detail::getCUDAHooks().versionCUDART();
    return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
  } catch (const std::exception&) {
    return "";
  }
}

DeviceInfo device_info(const DeviceId& id) {
  DeviceInfo info;
  info.id = id;
  if (id.kind == DeviceKind::kCpu) info.name = core::processor().model;
  if (const auto gpu = gpu_info(id)) {
    info.name = gpu->name;
    info.compute_capability = gpu->compute_capability;
  }
  try {
    info.memory = device_memory(id);
  } catch (const std::exception&) {
    // Left out: a report about the system names what it can.
  }
  return info;
}

std::string attention_reason(Attention choice) {
  return choice == Attention::kSdpa ? "never builds the N x N matrix"
                                    : "LibTorch before 2.13 has slow SDPA on MPS";
}

void add_operators(SystemInfo& info, const DeviceInfo& device) {
  const PrecisionFacts facts{.device = device.id,
                             .cpu = core::processor(),
                             .compute_capability = device.compute_capability,
                             .own_network = true};
  const Precision precision = choose_precision(std::nullopt, facts);
  const std::string where = to_string(device.id);
  info.operators.push_back(
      {"precision, " + where, std::string(to_string(precision)), "default of the device"});
  const Attention attention = default_attention(device.id);
  info.operators.push_back({"attention, " + where + ", " + std::string(to_string(precision)),
                            std::string(to_string(attention)), attention_reason(attention)});
  if (device.id.kind == DeviceKind::kCpu) return;
  const std::string obstacle = device_layer(device.id.kind).why_no_recording();
  info.operators.push_back({"small batches, " + where,
                            obstacle.empty() ? "recorded" : "queued kernel by kernel",
                            obstacle.empty() ? "a replay costs one call instead of hundreds" : obstacle});
  info.operators.push_back({"head, " + where,
                            precision == Precision::kFp32 ? "fp32" : "fp32, convolutions in TF32",
                            "as precise as the backbone is, or more (docs/accelerators.md)"});
  if (device_layer(device.id.kind).tables_on_host()) {
    info.operators.push_back({"position embedding, " + where, "computed on the CPU, once a size",
                              "its bicubic resizing is not there in every LibTorch for this device"});
  }
}

}  // namespace

SystemInfo system_info() {
  set_up_libtorch();
  const EngineScope scope;
  SystemInfo info;
  const std::string settings = at::show_config();
  info.libtorch_version = TORCH_VERSION;
  info.blas = build_setting(settings, "BLAS_INFO");
  if (info.blas.empty()) info.blas = "unknown";
  if (at::hasMKL()) info.mkl_version = first_line(at::get_mkl_version());
  if (at::hasMKLDNN()) info.onednn_version = first_line(at::get_mkldnn_version());
  if (at::hasOpenMP()) info.openmp = first_line(at::get_openmp_version());
  info.cpu_model = core::processor().model;
  info.cpu_capability = at::get_cpu_capability();
  info.cpu_features = core::processor().names();
  info.threads = core::usable_cores();
  info.cuda_version = cuda_version();
  for (const DeviceKind kind : {DeviceKind::kCuda, DeviceKind::kMps}) {
    if (num_devices(kind) == 0) info.absent.push_back({DeviceId{kind, 0}, device_layer(kind).why_none()});
  }
  for (const DeviceId& id : available_devices()) {
    info.devices.push_back(device_info(id));
    add_operators(info, info.devices.back());
    if (id.kind != DeviceKind::kCpu) continue;
    const std::vector<OperatorChoice> operators = cpu_operators(cpu_operator_facts());
    info.operators.insert(info.operators.end(), operators.begin(), operators.end());
  }
  return info;
}

}  // namespace da3::engine
