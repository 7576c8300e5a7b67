// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <barrier>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <core/parallel.hpp>

namespace da3::core {
namespace {

TEST(ForEachParallel, DoesEveryPieceOnce) {
  for (const int threads : {0, 1, 3, 100}) {
    std::vector<std::atomic<int>> done(50);
    for_each_parallel(done.size(), threads, [&](std::size_t i) { ++done[i]; });
    for (const auto& count : done) EXPECT_EQ(count, 1) << threads;
  }
  for_each_parallel(0, 4, [](std::size_t) { FAIL(); });
}

TEST(ForEachParallel, DoesTheFirstPieceOnTheCallingThread) {
  // Other threads run before the last of them is started.
  for (int i = 0; i < 200; ++i) {
    std::thread::id first;
    for_each_parallel(16, 16, [&](std::size_t piece) {
      if (piece == 0) first = std::this_thread::get_id();
    });
    ASSERT_EQ(first, std::this_thread::get_id());
  }
}

TEST(Team, DoesPieceAfterPieceOfManyRounds) {
  for (const int threads : {0, 1, 2, 5}) {
    Team team(threads);
    for (std::size_t round = 0; round < 2000; ++round) {
      std::vector<std::atomic<int>> done(round % 7);
      team.for_each(done.size(), [&](std::size_t i) { ++done[i]; });
      for (const auto& count : done) ASSERT_EQ(count, 1) << threads << " " << round;
    }
  }
}

TEST(Team, WorksOnPiecesAtOneTime) {
  Team team(3);
  for (int round = 0; round < 20; ++round) {
    std::barrier all_here(3);
    team.for_each(3, [&](std::size_t) { all_here.arrive_and_wait(); });
  }
}

TEST(Team, GoesOnAfterAnError) {
  Team team(2);
  EXPECT_THROW(team.for_each(4,
                             [](std::size_t i) {
                               if (i > 0) throw std::runtime_error("piece");
                             }),
               std::runtime_error);
  std::atomic<int> done{0};
  team.for_each(4, [&](std::size_t) { ++done; });
  EXPECT_EQ(done, 4);
}

TEST(ForEachParallel, TellsTheFirstErrorByNumberAfterAllHaveEnded) {
  std::atomic<int> ended{0};
  try {
    for_each_parallel(20, 4, [&](std::size_t i) {
      ++ended;
      if (i == 7 || i == 3 || i == 15) throw std::runtime_error(std::to_string(i));
    });
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "3");
  }
  EXPECT_EQ(ended, 20);
}

}  // namespace
}  // namespace da3::core
