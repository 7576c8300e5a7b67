// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <run/batch_window.hpp>
#include <run/rate.hpp>
#include <run/run.hpp>

namespace da3::run {
namespace {

using std::chrono::seconds;

TEST(ThreadPlan, ACpuAlternatesOnAllCores) {
  const ThreadPlan plan = plan_threads(DeviceKind::kCpu, 8);
  EXPECT_EQ(plan.inference, 8);
  EXPECT_EQ(plan.host, 8);
  EXPECT_TRUE(plan.alternate);
}

TEST(ThreadPlan, ACpuOverlapsOnlyWhereTheUserLeavesCoresFree) {
  EXPECT_FALSE(plan_threads(DeviceKind::kCpu, 8, 6, 2).alternate);
  EXPECT_TRUE(plan_threads(DeviceKind::kCpu, 8, 6, 3).alternate);
  EXPECT_TRUE(plan_threads(DeviceKind::kCpu, 8, 6).alternate);
  EXPECT_EQ(plan_threads(DeviceKind::kCpu, 8, 6).host, 6)
      << "--threads bounds what the run takes of a shared machine";
  EXPECT_TRUE(plan_threads(DeviceKind::kCpu, 8, 0, 2).alternate);
}

TEST(ThreadPlan, AnAcceleratorOverlaps) {
  const ThreadPlan plan = plan_threads(DeviceKind::kCuda, 16);
  EXPECT_FALSE(plan.alternate);
  EXPECT_EQ(plan.host, 15);
  EXPECT_EQ(plan_threads(DeviceKind::kMps, 1).host, 1);
}

TEST(ThreadPlan, FewDescriptorsMeanFewHostThreads) {
  EXPECT_EQ(host_threads_within(16, 1000), 16);
  EXPECT_EQ(host_threads_within(16, 38), 16);
  EXPECT_EQ(host_threads_within(16, 37), 15);
  EXPECT_EQ(host_threads_within(16, 17), 5);
  EXPECT_EQ(host_threads_within(16, 0), 1);
}

TEST(RateMeter, IsTheMeanOfTheLastTenSeconds) {
  const RateMeter::Time start{};
  RateMeter rate;
  EXPECT_EQ(rate.per_second(start + seconds(1), start), 0);
  rate.add(start + seconds(1), 4);
  rate.add(start + seconds(2), 4);
  EXPECT_DOUBLE_EQ(rate.per_second(start + seconds(2), start), 4);
  for (int i = 3; i <= 60; ++i) rate.add(start + seconds(i), i > 50 ? 20 : 1);
  EXPECT_NEAR(rate.per_second(start + seconds(60), start), 20, 2);
}

TEST(RateMeter, KnowsTheRateOfSlowModels) {
  const RateMeter::Time start{};
  RateMeter rate;
  for (int i = 1; i <= 8; ++i) rate.add(start + seconds(60 * i), 1);
  EXPECT_NEAR(rate.per_second(start + seconds(480), start), 1.0 / 60, 0.01);
}

Prepared prepared(std::uint64_t sequence, Size size) {
  Prepared result;
  result.ticket.sequence = sequence;
  result.input.size = size;
  return result;
}

constexpr Size kA{14, 14};
constexpr Size kB{14, 28};

TEST(BatchWindow, PrefersTheFullGroupWithTheOldestImage) {
  BatchWindow window;
  window.add(prepared(0, kB));
  window.add(prepared(1, kA));
  window.add(prepared(2, kA));
  const auto two = [](Size) { return 2; };
  EXPECT_EQ(window.choose(two, false), kA);
  EXPECT_EQ(window.choose(two, true), kA);
  EXPECT_EQ(window.take(kA, 2).size(), 2U);
  EXPECT_EQ(window.choose(two, false), std::nullopt);
  EXPECT_EQ(window.choose(two, true), kB);
}

TEST(BatchWindow, NeverMixesSizes) {
  BatchWindow window;
  for (std::uint64_t i = 0; i < 6; ++i) window.add(prepared(i, i % 2 == 0 ? kA : kB));
  for (const auto& each : window.take(kA, 100)) EXPECT_EQ(each.input.size, kA);
  EXPECT_EQ(window.size(), 3U);
}

TEST(BatchWindow, PutsImagesBackInTheirOrder) {
  BatchWindow window;
  for (std::uint64_t i = 0; i < 4; ++i) window.add(prepared(i, kA));
  window.put_back(window.take(kA, 3), false);
  const auto batch = window.take(kA, 4);
  for (std::uint64_t i = 0; i < 4; ++i) EXPECT_EQ(batch[i].ticket.sequence, i);
}

TEST(BatchWindow, ImagesPutBackAloneGoOneByOne) {
  BatchWindow window;
  for (std::uint64_t i = 0; i < 3; ++i) window.add(prepared(i, kA));
  window.put_back(window.take(kA, 2), true);
  EXPECT_EQ(window.choose([](Size) { return 9; }, false), kA);
  EXPECT_EQ(window.take(kA, 3).size(), 1U);
  EXPECT_EQ(window.take(kA, 3).size(), 1U);
  EXPECT_EQ(window.take(kA, 3).at(0).ticket.sequence, 2U);
  EXPECT_TRUE(window.empty());
}

}  // namespace
}  // namespace da3::run
