// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <engine/device/graph_cache.hpp>
#include <engine/engine.hpp>
#include <testing/temporary_folder.hpp>

#include "fake_accelerator.hpp"
#include "tiny_model.hpp"
#include "toy_network.hpp"

// Recorded forwards, low precision and tables of the host on a fake accelerator.
namespace da3::engine {
namespace {

using testing::FakeAccelerator;
using testing::ToyRequest;

constexpr DeviceId kFakeGpu{DeviceKind::kCuda, 0};

class FakeGpu : public ::testing::Test {
 protected:
  std::unique_ptr<predict::DepthModel> load(Precision precision = Precision::kFp32,
                                            DeviceId device = kFakeGpu) const {
    LoadOptions options;
    options.device = device;
    options.precision = precision;
    options.own_kernels = false;  // As on an accelerator
    return load_model(file_, options);
  }

  /// Forwards until a shape is recorded: two as usual.
  static void warm_up(predict::DepthModel& model, const predict::Request& request) {
    for (int i = 0; i < 2; ++i) model.predict(request);
  }

  const std::filesystem::path file_ = testing::tiny_model().file;
  FakeAccelerator fake_;
  DeviceLayerOverride override_{DeviceKind::kCuda, fake_};
};

using RecordedForward = FakeGpu;

/// Devices may normalise a picture with another rounding than the processor.
bool is_close(const std::vector<float>& found, const std::vector<float>& expected) {
  return std::ranges::equal(found, expected, [](float one, float other) {
    return std::abs(one - other) <= 1e-5F * std::abs(other);
  });
}

TEST_F(RecordedForward, ThirdForwardOfAShapeIsReplayedWithTheSameBits) {
  const auto model = load();
  const ToyRequest toy(2, 1, {28, 42});
  const predict::Result first = model->predict(toy.request);
  EXPECT_TRUE(first.times.backbone_ms && first.times.head_ms);
  model->predict(toy.request);
  EXPECT_EQ(fake_.recorded(), 0);
  const predict::Result third = model->predict(toy.request);
  EXPECT_EQ(fake_.recorded(), 1);
  EXPECT_EQ(fake_.replayed(), 1);
  EXPECT_EQ(third.depth, first.depth);
  EXPECT_EQ(third.peak_bytes, first.peak_bytes)
      << "a replay takes no memory of its own, the batch planner needs to know";
  EXPECT_FALSE(third.times.backbone_ms) << "one piece";
}

TEST_F(RecordedForward, ReadsTheNewPictures) {
  const auto model = load();
  const auto cpu = load(Precision::kFp32, {});
  ToyRequest toy(1, 1, {28, 42});
  warm_up(*model, toy.request);
  for (int turn = 0; turn < 3; ++turn) {
    for (auto& byte : toy.pictures[0]) byte = static_cast<std::uint8_t>(byte * 3 + turn);
    EXPECT_TRUE(is_close(model->predict(toy.request).depth, cpu->predict(toy.request).depth)) << turn;
  }
  EXPECT_EQ(fake_.replayed(), 3);
}

TEST_F(RecordedForward, OtherOutputsAreAnotherRecording) {
  const auto model = load();
  ToyRequest toy(1, 3, {28, 28});
  warm_up(*model, toy.request);
  model->predict(toy.request);
  toy.request.wanted = {.confidence = true, .sky = false, .pose = true};
  const predict::Result usual = model->predict(toy.request);
  EXPECT_EQ(fake_.replayed(), 1);
  model->predict(toy.request);
  const predict::Result replayed = model->predict(toy.request);
  EXPECT_EQ(fake_.replayed(), 2);
  EXPECT_EQ(replayed.confidence, usual.confidence);
  EXPECT_EQ(replayed.extrinsics, usual.extrinsics);
  EXPECT_EQ(replayed.intrinsics, usual.intrinsics);
}

TEST_F(RecordedForward, RequestsInFlightDoNotSeeEachOthersResults) {
  const auto model = load();
  const auto cpu = load(Precision::kFp32, {});
  std::vector<ToyRequest> toys;
  for (int i = 0; i < 2; ++i) toys.emplace_back(1, 1, Size{28, 28});
  for (auto& byte : toys[1].pictures[0]) byte = static_cast<std::uint8_t>(255 - byte);
  std::vector<std::vector<float>> expected;
  for (const ToyRequest& toy : toys) expected.push_back(cpu->predict(toy.request).depth);
  ASSERT_FALSE(is_close(expected[0], expected[1]));
  std::vector<int> wrong(2);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      for (int turn = 0; turn < 10; ++turn)
        wrong[i] += is_close(model->predict(toys[i].request).depth, expected[i]) ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, (std::vector<int>{0, 0}));
  EXPECT_EQ(fake_.recorded(), 1);
}

TEST_F(RecordedForward, ShapeThatCannotBeRecordedRunsAsUsualForGood) {
  const auto model = load();
  const ToyRequest toy(1, 1, {28, 28});
  const predict::Result first = model->predict(toy.request);
  int tries = 0;
  fake_.on_record_ = [&] {
    ++tries;
    throw std::runtime_error("CUDA error: operation not permitted when stream is capturing");
  };
  for (int i = 0; i < 4; ++i) EXPECT_EQ(model->predict(toy.request).depth, first.depth);
  EXPECT_EQ(tries, 1);
  EXPECT_EQ(fake_.replayed(), 0);
}

TEST_F(RecordedForward, WantOfMemoryToRecordIsNoFailureOfTheForward) {
  const auto model = load();
  const ToyRequest toy(1, 1, {28, 28});
  const predict::Result first = model->predict(toy.request);
  fake_.on_record_ = [] { TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory"); };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(model->predict(toy.request).depth, first.depth);
}

TEST_F(RecordedForward, DeviceLostWhileRecordingIsTold) {
  const auto model = load();
  const ToyRequest toy(1, 1, {28, 28});
  warm_up(*model, toy.request);
  fake_.on_record_ = [] { throw std::runtime_error("CUDA error: unspecified launch failure"); };
  try {
    model->predict(toy.request);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDeviceUnavailable);
  }
}

TEST_F(RecordedForward, IsGivenUpWhenMemoryRunsOut) {
  const auto model = load();
  const ToyRequest toy(1, 1, {28, 28});
  warm_up(*model, toy.request);
  const predict::Result recorded = model->predict(toy.request);
  fake_.take_by_others((std::uint64_t{4} << 30) - 2 * *recorded.peak_bytes);
  EXPECT_THROW(model->predict(ToyRequest(16, 1, {28, 28}).request), Error);
  fake_.take_by_others(0);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(model->predict(toy.request).depth, recorded.depth);
  EXPECT_EQ(fake_.replayed(), 1) << "its memory is wanted elsewhere";
}

TEST_F(RecordedForward, IsForSmallShapesAndForDevicesThatCan) {
  GraphCache cache(kFakeGpu);
  ForwardShape shape{.scenes = 8, .views = 1, .size = {280, 504}, .wanted = {}};
  for (int i = 0; i < 2; ++i) cache.ran(shape, std::nullopt);
  EXPECT_TRUE(cache.is_due(shape));
  shape.scenes = 9;
  for (int i = 0; i < 2; ++i) cache.ran(shape, std::nullopt);
  EXPECT_FALSE(cache.is_due(shape)) << "a GPU has enough to do with it";
  fake_.can_record_ = false;
  const auto model = load();
  const ToyRequest toy(1, 1, {28, 28});
  for (int i = 0; i < 4; ++i) model->predict(toy.request);
  EXPECT_EQ(fake_.recorded(), 0);
}

TEST_F(RecordedForward, LastEightShapesAreKept) {
  const auto model = load();
  for (int side = 1; side <= 9; ++side) {
    const ToyRequest toy(1, 1, {14, 14 * side});
    for (int i = 0; i < 3; ++i) model->predict(toy.request);
  }
  EXPECT_EQ(fake_.recorded(), 9);
  const int replayed = fake_.replayed();
  model->predict(ToyRequest(1, 1, {14, 28}).request);
  EXPECT_EQ(fake_.replayed(), replayed + 1);
  model->predict(ToyRequest(1, 1, {14, 14}).request);
  EXPECT_EQ(fake_.replayed(), replayed + 1) << "the oldest is gone";
}

TEST_F(FakeGpu, TablesOfTheHostGiveTheSameDepth) {
  const ToyRequest toy(1, 1, {28, 42});
  const predict::Result expected = load()->predict(toy.request);
  fake_.tables_on_host_ = true;
  EXPECT_EQ(load()->predict(toy.request).depth, expected.depth);
  const predict::Result low = load(Precision::kBf16)->predict(toy.request);
  fake_.tables_on_host_ = false;
  const predict::Result low_expected = load(Precision::kBf16)->predict(toy.request);
  for (std::size_t i = 0; i < low.depth.size(); ++i) {
    // Angles of the rotary tables are rounded to bfloat16 from float32 either way, the position embedding
    // once less.
    ASSERT_NEAR(low.depth[i], low_expected.depth[i], 0.02F * std::abs(low_expected.depth[i]));
  }
}

TEST_F(FakeGpu, PrecisionBelowFp32MovesDepthAndIsOffTheDevicesDefault) {
  const ToyRequest toy(1, 1, {28, 42});
  const predict::Result fp32 = load()->predict(toy.request);
  for (const Precision precision : {Precision::kBf16, Precision::kFp16}) {
    const auto model = load(precision);
    EXPECT_EQ(model->precision(), precision);
    const predict::Result low = model->predict(toy.request);
    EXPECT_NE(low.depth, fp32.depth);
    for (std::size_t i = 0; i < low.depth.size(); ++i) {
      ASSERT_NEAR(low.depth[i], fp32.depth[i], 0.05F * std::abs(fp32.depth[i])) << to_string(precision);
    }
  }
  LoadOptions options;
  options.device = kFakeGpu;
  EXPECT_EQ(load_model(file_, options)->precision(), Precision::kBf16);
  fake_.compute_capability_ = 75;
  EXPECT_EQ(load_model(file_, options)->precision(), Precision::kFp16);
}

TEST_F(FakeGpu, WeightsThatDoNotFitAreRefusedBeforeTheyAreMoved) {
  const FakeAccelerator small(1 << 10);
  const DeviceLayerOverride smaller(DeviceKind::kCuda, small);
  try {
    load(Precision::kBf16);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error.code()), 4);
    EXPECT_THAT(error.what(),
                ::testing::AllOf(::testing::HasSubstr("too small"), ::testing::HasSubstr("bf16")));
  }
}

}  // namespace
}  // namespace da3::engine
