// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <predict/batch_planner.hpp>

#include <da3/error.hpp>

#include <engine/device/devices.hpp>
#include <engine/engine.hpp>
#include <engine/libtorch_setup.hpp>
#include <engine/torch_depth_model.hpp>
#include <testing/temporary_folder.hpp>

#include "gpu_here.hpp"
#include "toy_network.hpp"

// What the fake accelerator stands for, on a real one: each test runs on CUDA and on MPS, where there is one.
namespace da3::engine {
namespace {

using testing::ToyRequest;

constexpr Size kSize{280, 504};

class OnDevice : public ::testing::Test {
 protected:
  void SetUp() override {
    // The suite's name says on which.
    const std::string suite = ::testing::UnitTest::GetInstance()->current_test_info()->test_suite_name();
    device_.kind = suite.starts_with("Mps") ? DeviceKind::kMps : DeviceKind::kCuda;
    if (const std::string why = testing::why_no_gpu(device_.kind); !why.empty()) GTEST_SKIP() << why;
  }

  /// da3-small with weights by recipe, made once a process.
  static std::filesystem::path small_file() {
    static const da3::testing::TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "small.pt";
    if (!std::filesystem::exists(file)) {
      ExportSource source;
      source.name = "da3-small";
      source.seed = 1;
      export_model(source, file);
    }
    return file;
  }

  std::unique_ptr<predict::DepthModel> load(Precision precision = Precision::kFp32) const {
    LoadOptions options;
    options.device = device_;
    options.precision = precision;
    return load_model(small_file(), options);
  }

  static double worst_relative(const std::vector<float>& actual, const std::vector<float>& expected) {
    double worst = actual.size() == expected.size() ? 0 : 1;
    for (std::size_t i = 0; i < expected.size() && worst < 1; ++i) {
      worst = std::max(worst, double{std::abs(actual[i] - expected[i])} / std::abs(double{expected[i]}));
    }
    return worst;
  }

  void batch_gives_what_single_pictures_give();
  void requests_in_flight_keep_their_pictures_apart();
  void ballast_makes_batches_small_and_running_out_is_survived();
  void third_forward_is_replayed();

  DeviceId device_;
};

void OnDevice::batch_gives_what_single_pictures_give() {
  const auto model = load();
  const ToyRequest four(4, 1, kSize);
  const predict::Result batch = model->predict(four.request);
  for (std::size_t i = 0; i < 4; ++i) {
    predict::Request one = four.request;
    one.scenes = 1;
    one.pictures = {four.request.pictures[i]};
    const predict::Result single = model->predict(one);
    const auto first = batch.depth.begin() + static_cast<std::ptrdiff_t>(i * kSize.area());
    const std::vector<float> part(first, first + static_cast<std::ptrdiff_t>(kSize.area()));
    // Libraries choose other kernels for other batches; rounding of float32 over the network.
    EXPECT_LT(worst_relative(part, single.depth), 1e-4) << i;
  }
}

void OnDevice::requests_in_flight_keep_their_pictures_apart() {
  const auto model = load();
  std::vector<ToyRequest> toys;
  for (int i = 0; i < 2; ++i) toys.emplace_back(1, 1, kSize);
  for (auto& byte : toys[1].pictures[0]) byte = static_cast<std::uint8_t>(255 - byte);
  std::vector<std::vector<float>> expected;
  for (const ToyRequest& toy : toys) expected.push_back(model->predict(toy.request).depth);
  ASSERT_GT(worst_relative(expected[0], expected[1]), 1e-3);
  std::vector<double> worst(2);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      for (int turn = 0; turn < 20; ++turn) {
        worst[i] = std::max(worst[i], worst_relative(model->predict(toys[i].request).depth, expected[i]));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LT(std::max(worst[0], worst[1]), 1e-4);
}

void OnDevice::ballast_makes_batches_small_and_running_out_is_survived() {
  const auto model = load();
  const auto probe = make_memory_probe();
  const predict::Result one = model->predict(ToyRequest(1, 1, kSize).request);
  if (!one.peak_bytes) GTEST_SKIP() << "this LibTorch does not count memory on " << to_string(device_);
  empty_cache(device_);
  // All but room for six pictures and what libraries take for themselves.
  const std::uint64_t room = 6 * *one.peak_bytes + (std::uint64_t{64} << 20);
  const std::uint64_t free_bytes = probe->device(device_).free_bytes;
  ASSERT_GT(free_bytes, room);
  const EngineScope scope;
  const at::Tensor ballast = at::empty({static_cast<std::int64_t>(free_bytes - room)},
                                       at::TensorOptions().dtype(at::kByte).device(to_torch(device_)));
  predict::BatchPlannerOptions options;
  options.key.identity = "small";
  options.key.device = device_;
  options.fixed = 64;
  predict::BatchPlanner planner(options, *probe);
  int failures = 0;
  int succeeded = 0;
  for (int turn = 0; turn < 12 && succeeded < 2; ++turn) {
    const int batch = planner.next_batch(kSize);
    try {
      const predict::Result result = model->predict(ToyRequest(batch, 1, kSize).request);
      planner.succeeded(kSize, batch, result.times.total_ms, result.peak_bytes);
      ++succeeded;
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ErrorCode::kOutOfMemory) << error.what();
      planner.ran_out_of_memory(kSize, batch);
      ++failures;
    }
  }
  EXPECT_GE(failures, 1) << "64 pictures cannot fit";
  EXPECT_EQ(succeeded, 2);
  EXPECT_LT(worst_relative(model->predict(ToyRequest(1, 1, kSize).request).depth, one.depth), 1e-4);
}

void OnDevice::third_forward_is_replayed() {
  if (const std::string why = device_layer(device_.kind).why_no_recording(); !why.empty())
    GTEST_SKIP() << why;
  for (const Precision precision : {Precision::kFp32, Precision::kFp16}) {
    const auto model = load(precision);
    ToyRequest toy(1, 1, kSize);
    const predict::Result usual = model->predict(toy.request);
    model->predict(toy.request);
    const predict::Result replayed = model->predict(toy.request);
    EXPECT_EQ(dynamic_cast<TorchDepthModel&>(*model).num_recorded(), 1) << "recording failed";
    EXPECT_LT(worst_relative(replayed.depth, usual.depth), 1e-4);
    for (auto& byte : toy.pictures[0]) byte = static_cast<std::uint8_t>(255 - byte);
    const predict::Result other = model->predict(toy.request);
    EXPECT_GT(worst_relative(other.depth, usual.depth), 1e-3) << "the old picture's depth";
    // And after what is not recorded.
    model->predict(ToyRequest(2, 1, {70, 98}).request);
    EXPECT_LT(worst_relative(model->predict(toy.request).depth, other.depth), 1e-6);
  }
}

class CudaDevice : public OnDevice {};
class MpsDevice : public OnDevice {};

TEST_F(CudaDevice, BatchGivesWhatSinglePicturesGive) {
  batch_gives_what_single_pictures_give();
}
TEST_F(CudaDevice, RequestsInFlightKeepTheirPicturesApart) {
  requests_in_flight_keep_their_pictures_apart();
}
TEST_F(CudaDevice, BallastMakesBatchesSmallAndRunningOutIsSurvived) {
  ballast_makes_batches_small_and_running_out_is_survived();
}
TEST_F(CudaDevice, ThirdForwardIsReplayed) {
  third_forward_is_replayed();
}

TEST_F(MpsDevice, BatchGivesWhatSinglePicturesGive) {
  batch_gives_what_single_pictures_give();
}
TEST_F(MpsDevice, RequestsInFlightKeepTheirPicturesApart) {
  requests_in_flight_keep_their_pictures_apart();
}

}  // namespace
}  // namespace da3::engine
