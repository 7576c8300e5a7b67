// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <c10/core/Device.h>

#include <engine/device/device_layer.hpp>

// Parts of which device layers are made.
namespace da3::engine {

/// What is known where no CUDA device is found.
struct CudaAbsence {
  bool built = false;                     ///< LibTorch was built with CUDA
  bool driver = false;                    ///< A driver is loaded
  const char* visible_devices = nullptr;  ///< CUDA_VISIBLE_DEVICES; null: not set
};

/// The reason, and what would help.
std::string cuda_absence(const CudaAbsence& facts);

/// Pinned host memory, and a stream each for uploads and downloads. Throws: c10::Error.
std::unique_ptr<Transfers> make_stream_transfers(const c10::Device& device);

/// Events on the thread's current stream: nothing waits.
std::unique_ptr<Stopwatch> make_event_stopwatch(const c10::Device& device);

/// Memory of a GPU that shares the host's.
struct UnifiedMemory {
  std::uint64_t recommended_bytes = 0;  ///< What the system recommends as the most
  std::uint64_t allocated_bytes = 0;    ///< Held by tensors
  std::uint64_t driver_bytes = 0;       ///< Taken from the system: allocated and kept for reuse
  std::uint64_t host_free_bytes = 0;
};

/// The recommendation less what tensors hold, at most what the host has free with what the allocator keeps.
core::MemoryState unified_memory(const UnifiedMemory& state);

}  // namespace da3::engine
