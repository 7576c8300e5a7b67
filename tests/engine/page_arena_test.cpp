// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <engine/operators/page_arena.hpp>

namespace da3::engine {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

std::byte* filled(void* block, std::size_t bytes, int value = 1) {
  std::memset(block, value, bytes);
  return static_cast<std::byte*>(block);
}

TEST(PageArena, BlocksBeginAtPagesAndHoldWholeOnes) {
  PageArena arena;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  EXPECT_EQ(PageArena::rounded(1), page);
  EXPECT_EQ(PageArena::rounded(page), page);
  EXPECT_EQ(PageArena::rounded(page + 1), 2 * page);
  void* const block = arena.take(page + 1);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % page, 0U);
  arena.give_back(block);
  EXPECT_EQ(arena.idle_bytes(), 2 * page);
}

TEST(PageArena, SmallerBlockTakesTheMemoryOfALargerOne) {
  PageArena arena;
  void* const large = filled(arena.take(8 * kMiB), 8 * kMiB);
  arena.give_back(large);
  EXPECT_EQ(arena.added_by(5 * kMiB), 0U);
  EXPECT_EQ(arena.take(5 * kMiB), large);
  EXPECT_EQ(arena.idle_bytes(), 3 * kMiB);
}

TEST(PageArena, LargerBlockTakesTheMemoryOfFreedNeighbours) {
  PageArena arena;
  void* const first = arena.take(2 * kMiB);
  void* const second = arena.take(3 * kMiB);
  arena.give_back(second);
  arena.give_back(first);
  EXPECT_EQ(arena.added_by(5 * kMiB), 0U);
  EXPECT_EQ(arena.added_by(7 * kMiB), 2 * kMiB) << "five of them idle, two never used";
  EXPECT_EQ(arena.take(7 * kMiB), first);
  EXPECT_EQ(arena.idle_bytes(), 0U);
}

TEST(PageArena, BlockBetweenUsedOnesIsNotJoinedWithThem) {
  PageArena arena;
  void* const first = arena.take(kMiB);
  void* const second = arena.take(kMiB);
  void* const third = arena.take(kMiB);
  arena.give_back(second);
  EXPECT_EQ(arena.added_by(2 * kMiB), 2 * kMiB);
  void* const larger = arena.take(2 * kMiB);
  EXPECT_NE(larger, first);
  EXPECT_NE(larger, second);
  EXPECT_NE(larger, third);
  EXPECT_EQ(arena.take(kMiB), second);
}

TEST(PageArena, ShrinksByWhatLiesLastAndNoFurther) {
  PageArena arena;
  std::byte* const block = filled(arena.take(4 * kMiB), 4 * kMiB);
  void* const held = arena.take(kMiB);
  arena.give_back(block);
  arena.shrink(3 * kMiB);
  EXPECT_EQ(arena.idle_bytes(), 3 * kMiB);
  EXPECT_EQ(arena.added_by(4 * kMiB), kMiB);
  ASSERT_EQ(arena.take(4 * kMiB), block);
  EXPECT_EQ(block[3 * kMiB - 1], std::byte{1});
  EXPECT_EQ(block[3 * kMiB], std::byte{0}) << "the system's own page";
  EXPECT_EQ(arena.idle_bytes(), 0U);
  arena.give_back(held);
}

TEST(PageArena, EmptyMappingGoesBackToTheSystem) {
  PageArena arena;
  void* const block = filled(arena.take(kMiB), kMiB);
  arena.give_back(block);
  arena.shrink(0);
  EXPECT_EQ(arena.idle_bytes(), 0U);
  EXPECT_NE(::msync(block, kMiB, MS_ASYNC), 0) << "nothing is mapped there";
}

TEST(PageArena, SizeThatTheSystemRefusesIsNull) {
  PageArena arena;
  arena.give_back(arena.take(kMiB));
  for (const std::size_t bytes : {SIZE_MAX / 4, SIZE_MAX - 1, SIZE_MAX}) {
    EXPECT_EQ(arena.take(bytes), nullptr);
    EXPECT_GE(arena.added_by(bytes), bytes / 2);
  }
  EXPECT_EQ(arena.idle_bytes(), kMiB);
}

TEST(PageArena, WorkThatRepeatsItselfFindsThePlacesOfItsLastTime) {
  PageArena arena;
  const auto work = [&] {
    std::vector<void*> places;
    for (const std::size_t size : {5, 3, 7, 2, 6, 4}) {
      void* const input = arena.take(size * kMiB);
      void* const scratch = arena.take(size * kMiB / 2);
      places.insert(places.end(), {input, scratch});
      arena.give_back(input);
      arena.give_back(scratch);
    }
    return places;
  };
  const auto first = work();
  const std::size_t idle = arena.idle_bytes();
  EXPECT_EQ(idle, 10 * kMiB + kMiB / 2) << "what its largest step holds";
  EXPECT_EQ(work(), first);
  EXPECT_EQ(arena.idle_bytes(), idle);
}

TEST(PageArena, BlocksOfAnyOrderNeverOverlap) {
  struct Block {
    unsigned char* data;
    std::size_t bytes;
    unsigned char value;
  };
  PageArena arena;
  std::mt19937 random(7);
  std::vector<Block> blocks;
  std::size_t highest = 0;
  std::size_t used = 0;
  for (int step = 0; step < 4000; ++step) {
    if (blocks.size() > 20 || (!blocks.empty() && random() % 2 == 0)) {
      const std::size_t chosen = random() % blocks.size();
      const Block block = blocks[chosen];
      const auto same = [&](unsigned char value) { return value == block.value; };
      ASSERT_TRUE(std::all_of(block.data, block.data + block.bytes, same)) << step;
      arena.give_back(block.data);
      used -= PageArena::rounded(block.bytes);
      blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(chosen));
    } else {
      const std::size_t bytes = 1 + random() % (200 << 10);
      const std::size_t added = arena.added_by(bytes);
      const std::size_t idle = arena.idle_bytes();
      const auto value = static_cast<unsigned char>(random());
      auto* const data = static_cast<unsigned char*>(arena.take(bytes));
      ASSERT_EQ(idle - arena.idle_bytes(), PageArena::rounded(bytes) - added) << step;
      std::memset(data, value, bytes);
      blocks.push_back({data, bytes, value});
      used += PageArena::rounded(bytes);
      highest = std::max(highest, used + arena.idle_bytes());
    }
    if (random() % 50 == 0) {
      const std::size_t wanted = random() % (arena.idle_bytes() + 1);
      arena.shrink(wanted);
      ASSERT_LE(arena.idle_bytes(), wanted);
    }
  }
  for (const Block& block : blocks) arena.give_back(block.data);
  EXPECT_LE(arena.idle_bytes(), highest);
  EXPECT_GT(arena.idle_bytes(), 0U);
}

}  // namespace
}  // namespace da3::engine
