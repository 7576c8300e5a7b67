// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>

#include <dlfcn.h>

#include <engine/device/device_layer.hpp>

namespace da3::engine {
namespace {

/// CUdevice_attribute values of cuda.h.
constexpr int kComputeCapabilityMajor = 75;
constexpr int kComputeCapabilityMinor = 76;

/// The driver numbers devices as LibTorch does, CUDA_VISIBLE_DEVICES applied.
std::optional<GpuInfo> ask(int index) {
  // Loaded already by LibTorch where there is a GPU; never closed.
  void* const driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (driver == nullptr) return std::nullopt;
  const auto init = reinterpret_cast<int (*)(unsigned)>(dlsym(driver, "cuInit"));
  const auto get = reinterpret_cast<int (*)(int*, int)>(dlsym(driver, "cuDeviceGet"));
  const auto get_name = reinterpret_cast<int (*)(char*, int, int)>(dlsym(driver, "cuDeviceGetName"));
  const auto get_attribute = reinterpret_cast<int (*)(int*, int, int)>(dlsym(driver, "cuDeviceGetAttribute"));
  if (!init || !get || !get_name || !get_attribute) return std::nullopt;
  int device = 0;
  char name[256] = {};
  int major = 0;
  int minor = 0;
  if (init(0) != 0 || get(&device, index) != 0 || get_name(name, sizeof(name) - 1, device) != 0 ||
      get_attribute(&major, kComputeCapabilityMajor, device) != 0 ||
      get_attribute(&minor, kComputeCapabilityMinor, device) != 0) {
    return std::nullopt;
  }
  return GpuInfo{name, major * 10 + minor};
}

}  // namespace

std::optional<GpuInfo> cuda_driver_info(int index) {
  return ask(index);
}

}  // namespace da3::engine
