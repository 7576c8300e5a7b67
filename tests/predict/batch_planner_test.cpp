// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <predict/batch_planner.hpp>

#include <testing/fake_model.hpp>

namespace da3::predict {
namespace {

constexpr Size kSize{280, 504};
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

/// A device whose forwards take fixed_ms + per_image_ms * B and fixed + slope * B bytes.
struct Device {
  double fixed_ms = 10;
  double per_image_ms = 10;
  std::uint64_t fixed_bytes = 20 * kMiB;
  std::uint64_t image_bytes = 40 * kMiB;

  double ms(int batch) const { return fixed_ms + per_image_ms * batch; }
  std::uint64_t peak(int batch) const {
    return fixed_bytes + image_bytes * static_cast<std::uint64_t>(batch);
  }
};

BatchPlannerOptions cpu_options() {
  BatchPlannerOptions options;
  options.key.identity = "0123";
  return options;
}

/// Runs forwards and returns the batch of each.
std::vector<int> run(BatchPlanner& planner, const Device& device, int forwards) {
  std::vector<int> batches;
  for (int i = 0; i < forwards; ++i) {
    const int batch = planner.next_batch(kSize);
    batches.push_back(batch);
    planner.succeeded(kSize, batch, device.ms(batch), device.peak(batch));
  }
  return batches;
}

TEST(BatchPlanner, BeginsWithOneAndDoublesWhileItPays) {
  testing::FakeMemory memory(std::uint64_t{8} << 30);
  BatchPlanner planner(cpu_options(), memory);
  const std::vector<int> batches = run(planner, {}, 9);
  EXPECT_EQ(batches, (std::vector<int>{1, 1, 1, 2, 2, 2, 4, 4, 4}));
}

TEST(BatchPlanner, StaysAtOneWhereBatchesDoNotPay) {
  testing::FakeMemory memory;
  BatchPlanner planner(cpu_options(), memory);
  run(planner, {.fixed_ms = 0, .per_image_ms = 100}, 6);
  EXPECT_EQ(planner.next_batch(kSize), 1);
  EXPECT_EQ(planner.shape(kSize).limit, BatchLimit::kGain);
}

TEST(BatchPlanner, StopsWhereImagesPerSecondGainLessThanThreePercent) {
  testing::FakeMemory memory(std::uint64_t{100} << 30);
  BatchPlanner planner(cpu_options(), memory);
  // images/ms at B: B / (10 + 50 B). 1: .0167, 2: .0182, 4: .0190, 8: .0195 (+2.4 % over 4).
  const std::vector<int> batches = run(planner, {.fixed_ms = 10, .per_image_ms = 50}, 20);
  EXPECT_EQ(planner.shape(kSize).batch, 4);
  EXPECT_EQ(planner.shape(kSize).limit, BatchLimit::kGain);
  EXPECT_EQ(batches.back(), 4);
}

TEST(BatchPlanner, KeepsTheFirstForwardOfASizeOutOfItsTime) {
  testing::FakeMemory memory;
  BatchPlanner planner(cpu_options(), memory);
  for (const double ms : {20.0, 20.0, 20.0}) planner.succeeded(kSize, planner.next_batch(kSize), ms, kMiB);
  ASSERT_EQ(planner.next_batch(kSize), 2);
  for (const double ms : {900.0, 30.0, 31.0}) planner.succeeded(kSize, planner.next_batch(kSize), ms, kMiB);
  EXPECT_EQ(planner.shape(kSize).batch, 2);
}

TEST(BatchPlanner, PredictsMemoryByALineThroughMeasuredPeaks) {
  testing::FakeMemory memory;
  BatchPlanner planner(cpu_options(), memory);
  EXPECT_FALSE(planner.predicted_bytes(kSize, 1).has_value());
  const Device device;
  planner.succeeded(kSize, 1, 1, device.peak(1));
  EXPECT_EQ(planner.predicted_bytes(kSize, 2), 2 * device.peak(1)) << "one point: never too little";
  planner.succeeded(kSize, 2, 1, device.peak(2));
  EXPECT_EQ(planner.predicted_bytes(kSize, 7), device.peak(7));
}

TEST(BatchPlanner, StaysWithinTheFractionOfFreeMemory) {
  testing::FakeMemory memory(1000 * kMiB);
  BatchPlannerOptions options = cpu_options();
  options.memory_fraction = 0.5;
  BatchPlanner planner(options, memory);
  const Device device;
  for (const int batch : run(planner, device, 40)) EXPECT_LE(device.peak(batch), 500 * kMiB);
  // 20 + 40 B <= 500: B = 12, found although it is no power of two.
  EXPECT_EQ(planner.shape(kSize).batch, 12);
  EXPECT_EQ(planner.shape(kSize).limit, BatchLimit::kMemory);
}

TEST(BatchPlanner, ShrinksWhenMemoryIsSuddenlyGoneAndComesBack) {
  testing::FakeMemory memory(1000 * kMiB);
  BatchPlannerOptions options = cpu_options();
  options.memory_fraction = 0.5;
  BatchPlanner planner(options, memory);
  run(planner, {}, 40);
  memory.set_free(250 * kMiB);
  EXPECT_EQ(planner.next_batch(kSize), 2);  // 20 + 40 * 2 <= 125
  memory.set_free(1 * kMiB);
  EXPECT_EQ(planner.next_batch(kSize), 1) << "one image is always tried";
  memory.set_free(1000 * kMiB);
  EXPECT_EQ(planner.next_batch(kSize), 12);
}

TEST(BatchPlanner, HalvesAfterOutOfMemoryAndRemembersTheLimit) {
  testing::FakeMemory memory(std::uint64_t{8} << 30);
  BatchPlanner planner(cpu_options(), memory);
  run(planner, {}, 6);
  ASSERT_EQ(planner.next_batch(kSize), 4);
  planner.ran_out_of_memory(kSize, 4);
  EXPECT_EQ(planner.next_batch(kSize), 3) << "more than 2 still pays, but 4 never again";
  for (const int batch : run(planner, {}, 30)) EXPECT_LT(batch, 4);
}

TEST(BatchPlanner, TriesAFailedSizeAgainOnlyWithMuchMoreMemory) {
  testing::FakeMemory memory(std::uint64_t{1} << 30);
  BatchPlanner planner(cpu_options(), memory);
  run(planner, {}, 6);
  planner.ran_out_of_memory(kSize, 4);
  run(planner, {}, 6);
  EXPECT_EQ(planner.shape(kSize).batch, 3);
  memory.set_free(std::uint64_t{4} << 30);
  run(planner, {}, 12);
  EXPECT_GT(planner.shape(kSize).batch, 3);
}

TEST(BatchPlanner, AFixedBatchIsHalvedAfterOutOfMemoryToo) {
  testing::FakeMemory memory;
  BatchPlannerOptions options = cpu_options();
  options.fixed = 6;
  BatchPlanner planner(options, memory);
  EXPECT_EQ(planner.next_batch(kSize), 6);
  planner.ran_out_of_memory(kSize, 6);
  EXPECT_EQ(planner.next_batch(kSize), 3);
  planner.ran_out_of_memory(kSize, 3);
  EXPECT_EQ(planner.next_batch(kSize), 1);
  EXPECT_EQ(planner.next_batch({14, 14}), 6) << "another shape has its own limit";
}

TEST(BatchPlanner, WithoutMeasuredPeaksACpuStaysAtOneAndAnAcceleratorTriesAFew) {
  testing::FakeMemory memory;
  for (const DeviceKind kind : {DeviceKind::kCpu, DeviceKind::kMps}) {
    BatchPlannerOptions options = cpu_options();
    options.key.device.kind = kind;
    BatchPlanner planner(options, memory);
    for (int i = 0; i < 40; ++i) {
      const int batch = planner.next_batch(kSize);
      planner.succeeded(kSize, batch, 100.0 + batch, std::nullopt);
    }
    EXPECT_EQ(planner.shape(kSize).batch, kind == DeviceKind::kCpu ? 1 : 8);
  }
}

TEST(BatchPlanner, GoesOnWithWhatAnEarlierRunLearned) {
  testing::FakeMemory memory(std::uint64_t{8} << 30);
  BatchPlanner first(cpu_options(), memory);
  const Device device{.fixed_ms = 10, .per_image_ms = 50};
  run(first, device, 20);
  const LearnedBatches kept = parse_learned_batches(to_text(first.learned()));
  BatchPlanner second(cpu_options(), memory, kept);
  EXPECT_EQ(second.next_batch(kSize), 4);
  EXPECT_EQ(second.predicted_bytes(kSize, 5), first.predicted_bytes(kSize, 5));
  BatchPlannerOptions other = cpu_options();
  other.key.identity = "4567";
  EXPECT_EQ(BatchPlanner(other, memory, kept).next_batch(kSize), 1);
}

TEST(LearnedBatches, ComeBackFromTextUnchanged) {
  LearnedBatches learned;
  BatchKey key{"abc", {DeviceKind::kCuda, 1}, 7, 3, Precision::kBf16, Attention::kFixed, {14, 28}};
  ShapeBatches shape;
  shape.batch = 3;
  shape.limit = BatchLimit::kMemory;
  shape.failed_batch = 4;
  shape.failed_free_bytes = 99;
  shape.samples[1] = {3, 1.25, std::nullopt};
  shape.samples[3] = {5, 2.5, std::uint64_t{1} << 40};
  learned[key] = shape;
  const LearnedBatches back = parse_learned_batches(to_text(learned));
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back.begin()->first, key);
  EXPECT_EQ(to_text(back), to_text(learned));
}

TEST(LearnedBatches, DamagedLinesAndOtherVersionsAreLeftOut) {
  LearnedBatches learned;
  BatchKey key;
  key.identity = "a";
  learned[key] = {};
  const std::string text = to_text(learned);
  EXPECT_EQ(parse_learned_batches(text + "b cpu 1 2\n\nnonsense\n").size(), 1U);
  EXPECT_TRUE(parse_learned_batches("da3-batches 999\n" + text.substr(text.find('\n') + 1)).empty());
  EXPECT_TRUE(parse_learned_batches("").empty());
}

}  // namespace
}  // namespace da3::predict
