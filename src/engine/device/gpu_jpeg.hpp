// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <da3/device.hpp>
#include <da3/image.hpp>

namespace da3::engine {

/// Decodes JPEG files on a GPU. Threads: any.
class GpuJpegDecoder {
 public:
  virtual ~GpuJpegDecoder() = default;

  /// The stored picture, (H, W, 3) RGB, of a file whose header says `size`. None for files that are better
  /// left to the CPU's decoder: those without an end marker, damaged, CMYK, or of a kind that the library
  /// does not read. The pixels are the GPU library's and differ from the CPU's by rounding and in how colour
  /// is enlarged. Throws: Error kOutOfMemory, kDeviceUnavailable.
  virtual std::optional<std::vector<std::uint8_t>> decode(std::span<const std::uint8_t> jpeg, Size size) = 0;
};

struct GpuJpegResult {
  std::unique_ptr<GpuJpegDecoder> decoder;  ///< Null: not here
  std::string reason;                       ///< Why it is null; else the library's name
};

/// NVIDIA's nvJPEG for a CUDA device, its library loaded now: the file of DA3_NVJPEG, else libnvjpeg.so.13,
/// .12, .11 or without a number where the system looks for libraries. Never needed to build. Does not throw.
GpuJpegResult load_gpu_jpeg(const DeviceId& device);

}  // namespace da3::engine
