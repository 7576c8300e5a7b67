// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <pipeline/batch_window.hpp>
#include <pipeline/focal.hpp>
#include <pipeline/inverse_depth.hpp>
#include <pipeline/pipeline.hpp>
#include <pipeline/rate.hpp>

namespace da3::pipeline {
namespace {

using std::chrono::seconds;

TEST(Focal, TheUsersNumberComesBeforeExif) {
  const image::ExifFocal exif{900, "exif.35mm"};
  EXPECT_EQ(find_focal({100, 200}, 500, std::nullopt, exif)->source, "option");
  EXPECT_EQ(find_focal({100, 200}, std::nullopt, std::nullopt, exif)->px, 900);
  EXPECT_FALSE(find_focal({100, 200}, std::nullopt, std::nullopt, std::nullopt).has_value());
}

TEST(Focal, AFieldOfViewOfNinetyDegreesIsHalfTheWidth) {
  const auto focal = find_focal({100, 200}, std::nullopt, 90.0, std::nullopt);
  EXPECT_NEAR(focal->px, 100, 1e-9);
  EXPECT_EQ(focal->source, "hfov");
}

TEST(Focal, IsScaledToTheProcessedSize) {
  // 600 px at 1200x800 are 300 px at half the size: depth is metres as it is.
  EXPECT_NEAR(metres_per_canonical(600, {800, 1200}, {400, 600}, ResizeMethod::kUpperBoundResize, 600), 1,
              1e-12);
  // Sides rounded to patches: the mean of both axes.
  EXPECT_NEAR(metres_per_canonical(600, {800, 1200}, {392, 602}, ResizeMethod::kUpperBoundResize, 600),
              600 * (392.0 / 800 + 602.0 / 1200) / 2 / 300, 1e-12);
  // A crop keeps the scale of the resize before it.
  EXPECT_NEAR(metres_per_canonical(600, {800, 1200}, {392, 588}, ResizeMethod::kUpperBoundCrop, 600), 1,
              1e-12);
  EXPECT_NEAR(metres_per_canonical(600, {800, 1200}, {392, 588}, ResizeMethod::kLowerBoundCrop, 400), 1,
              1e-12);
}

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

std::unique_ptr<Job> job(std::uint64_t sequence, Size size) {
  auto result = std::make_unique<Job>();
  result->sequence = sequence;
  result->input.size = size;
  return result;
}

constexpr Size kA{14, 14};
constexpr Size kB{14, 28};

TEST(BatchWindow, PrefersTheFullGroupWithTheOldestImage) {
  BatchWindow window;
  window.add(job(0, kB));
  window.add(job(1, kA));
  window.add(job(2, kA));
  const auto two = [](Size) { return 2; };
  EXPECT_EQ(window.choose(two, false), kA);
  EXPECT_EQ(window.choose(two, true), kA);
  EXPECT_EQ(window.take(kA, 2).size(), 2U);
  EXPECT_EQ(window.choose(two, false), std::nullopt);
  EXPECT_EQ(window.choose(two, true), kB);
}

TEST(BatchWindow, NeverMixesSizes) {
  BatchWindow window;
  for (std::uint64_t i = 0; i < 6; ++i) window.add(job(i, i % 2 == 0 ? kA : kB));
  for (const auto& each : window.take(kA, 100)) EXPECT_EQ(each->input.size, kA);
  EXPECT_EQ(window.size(), 3U);
}

TEST(BatchWindow, PutsJobsBackInTheirOrder) {
  BatchWindow window;
  for (std::uint64_t i = 0; i < 4; ++i) window.add(job(i, kA));
  window.put_back(window.take(kA, 3), false);
  const auto jobs = window.take(kA, 4);
  for (std::uint64_t i = 0; i < 4; ++i) EXPECT_EQ(jobs[i]->sequence, i);
}

TEST(BatchWindow, JobsPutBackAloneGoOneByOne) {
  BatchWindow window;
  for (std::uint64_t i = 0; i < 3; ++i) window.add(job(i, kA));
  window.put_back(window.take(kA, 2), true);
  EXPECT_EQ(window.choose([](Size) { return 9; }, false), kA);
  EXPECT_EQ(window.take(kA, 3).size(), 1U);
  EXPECT_EQ(window.take(kA, 3).size(), 1U);
  EXPECT_EQ(window.take(kA, 3).at(0)->sequence, 2U);
  EXPECT_TRUE(window.empty());
}

std::vector<float> depths_of(std::vector<float> inverse) {
  const Size size{1, static_cast<int>(inverse.size())};
  return depth_from_inverse({size, std::move(inverse)}).values;
}

TEST(DepthFromInverse, GrowsWithDistance) {
  EXPECT_EQ(depths_of({4.0F, 2.0F, 0.5F}), (std::vector<float>{0.25F, 0.5F, 2.0F}));
}

TEST(DepthFromInverse, PutsWhatIsZeroOrLessFarAway) {
  EXPECT_EQ(depths_of({1.0F, 0.0F, -3.0F, 1e-9F}), (std::vector<float>{1, 1000, 1000, 1000}));
}

TEST(DepthFromInverse, KeepsWhatHasNoValueWithoutOne) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> depths = depths_of({2.0F, nan, infinity, -infinity});
  EXPECT_EQ(depths[0], 0.5F);
  for (std::size_t i = 1; i < depths.size(); ++i) EXPECT_TRUE(std::isnan(depths[i])) << i;
  for (const float depth : depths_of({0.0F, -1.0F})) EXPECT_TRUE(std::isnan(depth));
}

}  // namespace
}  // namespace da3::pipeline
