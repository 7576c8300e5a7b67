// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <dlfcn.h>

#include <da3/error.hpp>

#include <engine/device/devices.hpp>
#include <engine/device/gpu_jpeg.hpp>
#include <engine/libtorch_setup.hpp>
#include <engine/torch_errors.hpp>

namespace da3::engine {
namespace {

// Of nvjpeg.h; unchanged from version 10 to 13.
constexpr int kSuccess = 0;
constexpr int kAllocatorFailure = 5;
constexpr int kExecutionFailed = 6;
constexpr int kOutputRgbi = 5;
constexpr std::size_t kMaxComponents = 4;
using Handle = struct OpaqueHandle*;
using State = struct OpaqueState*;
using Stream = struct OpaqueStream*;
struct Planes {
  unsigned char* channel[kMaxComponents];
  std::size_t pitch[kMaxComponents];
};

struct Api {
  int (*create)(Handle*) = nullptr;
  int (*destroy)(Handle) = nullptr;
  int (*create_state)(Handle, State*) = nullptr;
  int (*destroy_state)(State) = nullptr;
  int (*info)(Handle, const unsigned char*, std::size_t, int*, int*, int*, int*) = nullptr;
  int (*decode)(Handle, State, const unsigned char*, std::size_t, int, Planes*, Stream) = nullptr;
};

/// Sets `function` to what the library calls `name`; false if it has no such function.
template <typename Function>
bool bind(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

std::optional<Api> bind_all(void* library) {
  Api api;
  const bool whole =
      bind(library, "nvjpegCreateSimple", api.create) && bind(library, "nvjpegDestroy", api.destroy) &&
      bind(library, "nvjpegJpegStateCreate", api.create_state) &&
      bind(library, "nvjpegJpegStateDestroy", api.destroy_state) &&
      bind(library, "nvjpegGetImageInfo", api.info) && bind(library, "nvjpegDecode", api.decode);
  return whole ? std::optional(api) : std::nullopt;
}

/// Bytes that are not there become grey areas: only files that end as they should are decoded here.
bool has_end_marker(std::span<const std::uint8_t> jpeg) {
  constexpr std::uint8_t kMarker = 0xFF;
  constexpr std::uint8_t kEnd = 0xD9;
  return jpeg.size() >= 4 && jpeg[jpeg.size() - 2] == kMarker && jpeg[jpeg.size() - 1] == kEnd;
}

class NvJpeg final : public GpuJpegDecoder {
 public:
  NvJpeg(const DeviceId& device, const Api& api, Handle handle)
      : device_(device), api_(api), handle_(handle) {}
  ~NvJpeg() override {
    for (const State state : states_) api_.destroy_state(state);
    api_.destroy(handle_);
  }
  NvJpeg(const NvJpeg&) = delete;
  NvJpeg& operator=(const NvJpeg&) = delete;

  std::optional<std::vector<std::uint8_t>> decode(std::span<const std::uint8_t> jpeg, Size size) override {
    if (!has_end_marker(jpeg) || !reads(jpeg, size)) return std::nullopt;
    try {
      const EngineScope scope;
      const c10::OptionalDeviceGuard on_device(to_torch(device_));
      return decode_checked(jpeg, size);
    } catch (const std::exception& error) {
      throw translate(error, ErrorCode::kInternal, "Decoding a JPEG file on " + to_string(device_));
    }
  }

 private:
  bool reads(std::span<const std::uint8_t> jpeg, Size size) const {
    int components = 0;
    int subsampling = 0;
    std::array<int, kMaxComponents> widths{};
    std::array<int, kMaxComponents> heights{};
    const int status = api_.info(handle_, jpeg.data(), jpeg.size(), &components, &subsampling, widths.data(),
                                 heights.data());
    return status == kSuccess && (components == 1 || components == 3) && widths[0] == size.width &&
           heights[0] == size.height;
  }

  std::optional<std::vector<std::uint8_t>> decode_checked(std::span<const std::uint8_t> jpeg, Size size) {
    const at::Tensor pixels = at::empty({size.height, size.width, 3},
                                        at::TensorOptions().dtype(at::kByte).device(to_torch(device_)));
    Planes planes{};
    planes.channel[0] = pixels.mutable_data_ptr<std::uint8_t>();
    planes.pitch[0] = static_cast<std::size_t>(size.width) * 3;
    const State state = take_state();
    // LibTorch's default stream, on which the copy below waits.
    const int status = api_.decode(handle_, state, jpeg.data(), jpeg.size(), kOutputRgbi, &planes, nullptr);
    if (status == kAllocatorFailure) throw Error(ErrorCode::kOutOfMemory, "nvJPEG ran out of memory");
    if (status == kExecutionFailed) throw Error(ErrorCode::kDeviceUnavailable, "nvJPEG failed on the GPU");
    if (status != kSuccess) {
      give_back(state);
      return std::nullopt;
    }
    const at::Tensor host = pixels.to(at::kCPU);
    // Not before the copy has waited: until then the GPU may read the state's buffers.
    give_back(state);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(host.numel()));
    std::memcpy(bytes.data(), host.const_data_ptr<std::uint8_t>(), bytes.size());
    return bytes;
  }

  State take_state() {
    const std::lock_guard lock(mutex_);
    if (!free_states_.empty()) {
      const State state = free_states_.back();
      free_states_.pop_back();
      return state;
    }
    State state = nullptr;
    if (api_.create_state(handle_, &state) != kSuccess) {
      throw Error(ErrorCode::kOutOfMemory, "nvJPEG has no memory for another picture");
    }
    states_.push_back(state);
    return state;
  }

  void give_back(State state) {
    const std::lock_guard lock(mutex_);
    free_states_.push_back(state);
  }

  DeviceId device_;
  Api api_;
  Handle handle_;
  std::mutex mutex_;
  std::vector<State> states_;
  std::vector<State> free_states_;
};

/// Never closed: threads of the library may outlive its last user.
std::pair<void*, std::string> open_library() {
  if (const char* const chosen = std::getenv("DA3_NVJPEG"); chosen != nullptr && *chosen != 0) {
    return {dlopen(chosen, RTLD_NOW | RTLD_LOCAL), chosen};
  }
  for (const char* const name : {"libnvjpeg.so.13", "libnvjpeg.so.12", "libnvjpeg.so.11", "libnvjpeg.so"}) {
    if (void* const library = dlopen(name, RTLD_NOW | RTLD_LOCAL)) return {library, name};
  }
  return {nullptr, "libnvjpeg"};
}

}  // namespace

GpuJpegResult load_gpu_jpeg(const DeviceId& device) {
  if (device.kind != DeviceKind::kCuda) return {nullptr, "nvJPEG decodes on CUDA devices only"};
  const auto [library, name] = open_library();
  if (library == nullptr) {
    return {nullptr,
            name +
                " is not found; it comes with the CUDA toolkit and with pip's nvidia-nvjpeg (give its file "
                "with DA3_NVJPEG)"};
  }
  const std::optional<Api> api = bind_all(library);
  if (!api) return {nullptr, name + " is no nvJPEG that this program knows"};
  try {
    open_device(device);
    const c10::OptionalDeviceGuard on_device(to_torch(device));
    Handle handle = nullptr;
    if (const int status = api->create(&handle); status != kSuccess) {
      return {nullptr,
              name + " cannot be used on " + to_string(device) + " (status " + std::to_string(status) + ")"};
    }
    return {std::make_unique<NvJpeg>(device, *api, handle), name};
  } catch (const std::exception& error) {
    return {nullptr, torch_message(error)};
  }
}

}  // namespace da3::engine
