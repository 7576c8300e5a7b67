// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>

// Tensor memory of the host: counted exactly, held below a budget, reused from call to call.
namespace da3::engine {

/// Bytes of CPU tensors now. Memory that tensors share with a mapped file is not among them, nor is scratch
/// that MKL and oneDNN take for themselves.
struct CpuMemory {
  std::uint64_t in_use_bytes = 0;  ///< Held by tensors
  std::uint64_t cached_bytes = 0;  ///< Freed, in whole pages, kept for the next tensors; with in_use_bytes
                                   ///< at most 1.25 times the highest in_use_bytes since empty_cpu_cache()
  std::uint64_t budget_bytes = 0;  ///< 0: none
};

/// Puts the allocator in LibTorch's place for CPU tensors. Calls after the first do nothing; tensors that
/// exist before the first stay as they are and are not counted. Every entry of the engine calls it. Threads:
/// any.
void install_cpu_allocator();

/// Threads: any.
CpuMemory cpu_memory();

/// Gives the memory of freed blocks of 128 KiB and more back to the system. To be called when the shape of
/// the work changes and after memory ran out. Threads: any.
void empty_cpu_cache();

/// Tensor memory above which an allocation fails as c10::OutOfMemoryError (through TorchScript too), which
/// predict reports as Error kOutOfMemory. Counts what tensors hold; freed blocks are given back before the
/// budget is passed. 0: none. Threads: any.
void set_cpu_memory_budget(std::uint64_t bytes);

/// Holds tensor memory below a bound as long as it lives. Of several at once the lowest holds; after the last
/// one the budget is again what it was before the first. Threads: any.
class CpuMemoryBound {
 public:
  explicit CpuMemoryBound(std::uint64_t bytes);
  ~CpuMemoryBound();
  CpuMemoryBound(const CpuMemoryBound&) = delete;
  CpuMemoryBound& operator=(const CpuMemoryBound&) = delete;

 private:
  std::uint64_t bytes_;
};

/// Highest tensor memory since construction.
/// Threads: counts the allocations of all threads; use from one.
class CpuPeakMeter {
 public:
  CpuPeakMeter();
  ~CpuPeakMeter();
  CpuPeakMeter(const CpuPeakMeter&) = delete;
  CpuPeakMeter& operator=(const CpuPeakMeter&) = delete;

  /// Highest number of bytes in use above what was in use at construction.
  std::uint64_t peak_bytes() const;

 private:
  struct Mark {
    std::uint64_t start_bytes;
    std::uint64_t highest_bytes;
  };
  friend class CountingAllocator;
  std::list<Mark>::iterator mark_;
};

}  // namespace da3::engine
