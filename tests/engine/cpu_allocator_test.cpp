// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <engine/operators/cpu_allocator.hpp>
#include <engine/operators/page_arena.hpp>

namespace da3::engine {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

/// Of idle memory after a tensor of `count` bytes: whole pages, with the block's header.
std::uint64_t idle(std::int64_t count) {
  return PageArena::rounded(static_cast<std::size_t>(count) + 64);
}

at::Tensor bytes(std::int64_t count) {
  return at::empty({count}, at::kByte);
}

class CpuAllocator : public testing::Test {
 protected:
  CpuAllocator() {
    install_cpu_allocator();
    set_cpu_memory_budget(0);
    empty_cpu_cache();
  }
  ~CpuAllocator() override {
    set_cpu_memory_budget(0);
    empty_cpu_cache();
  }
};

TEST_F(CpuAllocator, CountsExactlyWhatTensorsHold) {
  const std::uint64_t before = cpu_memory().in_use_bytes;
  {
    const at::Tensor small = bytes(1000);
    const at::Tensor large = bytes(3 * kMiB);
    EXPECT_EQ(cpu_memory().in_use_bytes, before + 1000 + 3 * kMiB);
  }
  EXPECT_EQ(cpu_memory().in_use_bytes, before);
}

TEST_F(CpuAllocator, AlignsEveryBlockToACacheLine) {
  for (const std::int64_t size : {std::int64_t{1}, std::int64_t{63}, std::int64_t{4097}, 2 * kMiB + 1}) {
    const at::Tensor block = bytes(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.data_ptr()) % 64, 0U) << size;
  }
}

TEST_F(CpuAllocator, EmptyTensorNeedsNoBlock) {
  const std::uint64_t before = cpu_memory().in_use_bytes;
  const at::Tensor empty = bytes(0);
  EXPECT_EQ(cpu_memory().in_use_bytes, before);
}

// Folder runs of one process may overlap in any order.
TEST_F(CpuAllocator, LowestOfOverlappingBoundsHoldsAndTheLastLeavesNone) {
  set_cpu_memory_budget(500 * kMiB);
  auto first = std::make_unique<CpuMemoryBound>(cpu_memory().in_use_bytes + 8 * kMiB);
  auto second = std::make_unique<CpuMemoryBound>(cpu_memory().in_use_bytes + 16 * kMiB);
  EXPECT_THROW((void)bytes(12 * kMiB), c10::OutOfMemoryError);
  first.reset();
  EXPECT_EQ(bytes(12 * kMiB).numel(), 12 * kMiB);
  EXPECT_THROW((void)bytes(24 * kMiB), c10::OutOfMemoryError);
  second.reset();
  EXPECT_EQ(cpu_memory().budget_bytes, static_cast<std::uint64_t>(500 * kMiB));
  EXPECT_EQ(bytes(24 * kMiB).numel(), 24 * kMiB);
}

TEST_F(CpuAllocator, ReusesTheMemoryOfAFreedBlock) {
  at::Tensor first = bytes(2 * kMiB);
  const void* const address = first.data_ptr();
  first.reset();
  EXPECT_EQ(cpu_memory().cached_bytes, idle(2 * kMiB));
  const at::Tensor again = bytes(kMiB);
  EXPECT_EQ(again.data_ptr(), address);
  EXPECT_EQ(cpu_memory().cached_bytes, idle(2 * kMiB) - idle(kMiB));
}

TEST_F(CpuAllocator, KeepsBlocksFrom128KibibytesOn) {
  bytes(128 * 1024 - 1).reset();
  EXPECT_EQ(cpu_memory().cached_bytes, 0U);
  bytes(128 * 1024).reset();
  EXPECT_EQ(cpu_memory().cached_bytes, idle(128 * 1024));
  empty_cpu_cache();
  EXPECT_EQ(cpu_memory().cached_bytes, 0U);
}

TEST_F(CpuAllocator, MeterSeesThePeakSinceItWasMadeOnly) {
  bytes(8 * kMiB).reset();
  const at::Tensor held = bytes(kMiB);
  const CpuPeakMeter meter;
  EXPECT_EQ(meter.peak_bytes(), 0U);
  {
    const at::Tensor first = bytes(2 * kMiB);
    const CpuPeakMeter inner;
    const at::Tensor second = bytes(3 * kMiB);
    EXPECT_EQ(inner.peak_bytes(), static_cast<std::uint64_t>(3 * kMiB));
  }
  bytes(4 * kMiB).reset();
  EXPECT_EQ(meter.peak_bytes(), static_cast<std::uint64_t>(5 * kMiB));
}

// Blocks that live on lie between freed ones, so that no place is large enough for the next.
TEST_F(CpuAllocator, IdleMemoryIsBoundByThePeakOfTheWork) {
  std::uint64_t peak = cpu_memory().in_use_bytes;
  std::vector<at::Tensor> held;
  for (int size = 1; size <= 8; ++size) {
    at::Tensor scratch = bytes(size * kMiB);
    held.push_back(bytes(128 * 1024));
    const CpuMemory now = cpu_memory();
    peak = std::max(peak, now.in_use_bytes);
    EXPECT_LE(now.in_use_bytes + now.cached_bytes, peak + peak / 4 + (1U << 16)) << size;
  }
  EXPECT_GT(cpu_memory().cached_bytes, 0U);
}

TEST_F(CpuAllocator, BudgetTurnsIntoLibTorchsOutOfMemoryError) {
  const std::uint64_t before = cpu_memory().in_use_bytes;
  set_cpu_memory_budget(before + 4 * kMiB);
  const at::Tensor held = bytes(3 * kMiB);
  EXPECT_THROW(bytes(kMiB + 1), c10::OutOfMemoryError);
  EXPECT_EQ(cpu_memory().in_use_bytes, before + 3 * kMiB);
  EXPECT_NO_THROW(bytes(kMiB));
}

TEST_F(CpuAllocator, GivesCachedBlocksBackBeforeTheBudgetIsPassed) {
  const std::uint64_t before = cpu_memory().in_use_bytes;
  set_cpu_memory_budget(before + 5 * kMiB);
  at::Tensor first = bytes(3 * kMiB);
  const at::Tensor between = bytes(kMiB);
  first.reset();
  ASSERT_EQ(cpu_memory().cached_bytes, idle(3 * kMiB));
  const at::Tensor other = bytes(4 * kMiB);
  EXPECT_EQ(cpu_memory().cached_bytes, 0U);
}

TEST_F(CpuAllocator, CachedBlockDoesNotSlipPastALowerBudget) {
  bytes(3 * kMiB).reset();
  set_cpu_memory_budget(cpu_memory().in_use_bytes + 2 * kMiB);
  EXPECT_THROW(bytes(3 * kMiB), c10::OutOfMemoryError);
}

TEST_F(CpuAllocator, AbsurdSizeIsOutOfMemoryToo) {
  EXPECT_THROW(bytes(std::int64_t{1} << 55), c10::OutOfMemoryError);
}

TEST_F(CpuAllocator, ThreadsShareOneCount) {
  const std::uint64_t before = cpu_memory().in_use_bytes;
  const auto work = [] {
    for (int i = 0; i < 200; ++i) bytes(i % 2 == 0 ? kMiB : 100).fill_(1);
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(cpu_memory().in_use_bytes, before);
  EXPECT_LE(cpu_memory().cached_bytes, 5 * idle(kMiB));
}

}  // namespace
}  // namespace da3::engine
