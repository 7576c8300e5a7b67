// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <functional>
#include <string>
#include <thread>

#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <predict/batch_planner.hpp>
#include <torch/csrc/jit/runtime/interpreter.h>
#include <torch/library.h>

#include <da3/error.hpp>

#include <engine/device/devices.hpp>
#include <engine/engine.hpp>
#include <engine/layer_parts.hpp>
#include <engine/normalise.hpp>
#include <engine/torch_errors.hpp>
#include <testing/temporary_folder.hpp>

#include "fake_accelerator.hpp"
#include "probe_resolver.hpp"
#include "toy_network.hpp"

namespace {

/// What a network meets in the middle of its forward.
std::function<void()>& mishap() {
  static std::function<void()> all;
  return all;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(da3_test, library) {
  library.def("stumble(Tensor any) -> Tensor", [](const at::Tensor& any) {
    if (mishap()) mishap()();
    return any.clone();
  });
}

// Everything above the device layer, driven by a fake accelerator that calls itself cuda.
namespace da3::engine {
namespace {

using testing::FakeAccelerator;
using ::testing::HasSubstr;
using testing::kGoodForward;
using testing::toy_spec;
using testing::ToyRequest;

constexpr DeviceId kFakeGpu{DeviceKind::kCuda, 0};

class Accelerator : public ::testing::Test {
 protected:
  ~Accelerator() override { mishap() = nullptr; }

  std::filesystem::path file_of(const std::string& source, const ModelSpec& spec = toy_spec()) {
    auto module = testing::toy_module("");
    module.define(source, std::make_shared<testing::ProbeResolver>());
    return testing::save(module, spec, folder_.path() / "toy.pt");
  }

  std::unique_ptr<predict::DepthModel> model_on(const DeviceId& device, const std::string& source,
                                                const ModelSpec& spec = toy_spec()) {
    LoadOptions options;
    options.device = device;
    return load_model(file_of(source, spec), options);
  }

  /// The error of a call; its exit code is the one of devices and memory.
  template <typename Call>
  static std::string refusal(ErrorCode code, Call&& call) {
    try {
      call();
    } catch (const Error& error) {
      EXPECT_EQ(error_name(error.code()), error_name(code)) << error.what();
      EXPECT_EQ(exit_code(error.code()), 4);
      return error.what();
    }
    ADD_FAILURE() << "no error";
    return "";
  }

  da3::testing::TemporaryFolder folder_;
  FakeAccelerator fake_;
  DeviceLayerOverride override_{DeviceKind::kCuda, fake_};
};

TEST_F(Accelerator, AbsentDeviceIsRefusedWithTheReason) {
  fake_.devices_ = 0;
  EXPECT_THAT(refusal(ErrorCode::kDeviceUnavailable, [] { check_device(kFakeGpu); }),
              AllOf(HasSubstr("cuda:0"), HasSubstr("the fake has no device")));
  EXPECT_THAT(refusal(ErrorCode::kDeviceUnavailable, [&] { model_on(kFakeGpu, kGoodForward); }),
              HasSubstr("the fake has no device"));
}

TEST_F(Accelerator, IndexOutOfRangeSaysHowManyThereAre) {
  fake_.devices_ = 2;
  EXPECT_NO_THROW(check_device({DeviceKind::kCuda, 1}));
  for (const int index : {2, -1}) {
    EXPECT_THAT(refusal(ErrorCode::kDeviceUnavailable, [&] { check_device({DeviceKind::kCuda, index}); }),
                HasSubstr("there are 2 devices of its kind, numbered from 0"));
  }
  const auto all = available_devices();
  EXPECT_EQ(all.front(), kFakeGpu);
  EXPECT_EQ(all.size(), 3U) << "and the CPU";
}

TEST(CudaAbsence, IsToldByTheFirstThingThatIsMissing) {
  EXPECT_THAT(cuda_absence({}), HasSubstr("built without CUDA"));
  EXPECT_THAT(cuda_absence({.built = true, .visible_devices = "0"}), HasSubstr("no NVIDIA driver"));
  EXPECT_THAT(cuda_absence({.built = true, .driver = true, .visible_devices = ""}),
              HasSubstr("CUDA_VISIBLE_DEVICES=\"\""));
  EXPECT_THAT(cuda_absence({.built = true, .driver = true}), HasSubstr("driver too old"));
}

TEST_F(Accelerator, BusyDeviceIsRefusedWhenAModelIsLoaded) {
  fake_.on_synchronize_ = [] {
    throw std::runtime_error("CUDA error: CUDA-capable device(s) is/are busy or unavailable");
  };
  EXPECT_THAT(refusal(ErrorCode::kDeviceUnavailable, [&] { model_on(kFakeGpu, kGoodForward); }),
              AllOf(HasSubstr("cuda:0"), HasSubstr("busy")));
}

TEST_F(Accelerator, DeviceThatIsFullIsRefusedWhenAModelIsLoaded) {
  const auto file = file_of(kGoodForward);
  LoadOptions options;
  options.device = kFakeGpu;
  fake_.take_by_others(std::uint64_t{4} << 30);
  EXPECT_THAT(refusal(ErrorCode::kOutOfMemory, [&] { load_model(file, options); }),
              HasSubstr("hold all of its memory"));
}

TEST_F(Accelerator, GpuThatLibTorchHasNoCodeForIsRefused) {
  fake_.on_synchronize_ = [] {
    throw std::runtime_error("CUDA error: no kernel image is available for execution on the device");
  };
  EXPECT_THAT(refusal(ErrorCode::kDeviceUnavailable, [&] { model_on(kFakeGpu, kGoodForward); }),
              HasSubstr("no code for this GPU"));
}

TEST_F(Accelerator, CopiesAreWaitedForAndTheBitsAreTheCpus) {
  ToyRequest toy(2, 3, {4, 6});
  toy.request.wanted.confidence = true;
  const predict::Result expected = model_on({}, kGoodForward)->predict(toy.request);
  const auto model = model_on(kFakeGpu, kGoodForward);
  EXPECT_EQ(model->device(), kFakeGpu);
  EXPECT_EQ(model->concurrency(), 2);
  const predict::Result result = model->predict(toy.request);
  EXPECT_EQ(result.depth, expected.depth);
  EXPECT_EQ(result.confidence, expected.confidence);
  EXPECT_EQ(result.times.normalise_ms, 1.0) << "of the device's own stopwatch";
  EXPECT_EQ(fake_.uploads(), 1);
}

TEST_F(Accelerator, RequestsInFlightKeepTheirPicturesApart) {
  const auto cpu = model_on({}, kGoodForward);
  const auto model = model_on(kFakeGpu, kGoodForward);
  constexpr int kThreads = 4;
  std::vector<ToyRequest> toys;
  for (int i = 0; i < kThreads; ++i) toys.emplace_back(1 + i, 1, Size{8, 8});
  std::vector<std::string> wrong(kThreads);
  std::vector<std::thread> threads;
  std::vector<predict::Result> expected;
  for (const ToyRequest& toy : toys) expected.push_back(cpu->predict(toy.request));
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int turn = 0; turn < 20; ++turn) {
        if (model->predict(toys[i].request).depth != expected[i].depth) wrong[i] = "other depth";
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, ::testing::Each(""));
}

TEST_F(Accelerator, PicturesNormalisedOnTheHostDifferByRoundingOnly) {
  ModelSpec spec = toy_spec();
  spec.mean = {0.485F, 0.456F, 0.406F};
  spec.std = {0.229F, 0.224F, 0.225F};
  for (const auto& range : {std::array<float, 2>{0, 1}, std::array<float, 2>{-1, 1}}) {
    spec.input_range = range;
    const ToyRequest toy(2, 2, {16, 16});
    const auto device = model_on(kFakeGpu, kGoodForward, spec)->predict(toy.request);
    LoadOptions options;
    options.device = kFakeGpu;
    options.normalise = NormaliseOn::kHost;
    const auto host = load_model(file_of(kGoodForward, spec), options)->predict(toy.request);
    for (std::size_t i = 0; i < device.depth.size(); ++i) {
      ASSERT_NEAR(device.depth[i], host.depth[i], kNormaliseTolerance);
    }
  }
}

constexpr const char* kStumblingForward = R"(
def forward(self, image: Tensor) -> Dict[str, Tensor]:
    return {'depth': probe.stumble(image).mean(2) + 1}
)";

TEST_F(Accelerator, MemoryThatRunsOutInTheNetworkIsTypedInEveryForm) {
  const auto model = model_on(kFakeGpu, kStumblingForward);
  const ToyRequest toy(1, 1, {2, 2});
  const predict::Result before = model->predict(toy.request);
  const std::string text = "CUDA out of memory. Tried to allocate 2.00 GiB";
  const std::vector<std::function<void()>> forms{
      [&] { TORCH_CHECK_WITH(OutOfMemoryError, false, text); },
      [&] { throw std::runtime_error(text); },
      [&] { TORCH_CHECK(false, "cuDNN error: CUDNN_STATUS_ALLOC_FAILED"); },
      [&] { TORCH_CHECK(false, "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"); },
      [&] { TORCH_CHECK(false, "GET was unable to find an engine to execute this computation"); },
      [&] { TORCH_CHECK(false, "Invalid buffer size: 21.50 GiB"); },
      [&] {
        TORCH_CHECK(false, "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`");
      },
      [&] { TORCH_CHECK(false, "MPS backend out of memory (MPS allocated: 9 GiB)"); }};
  for (const bool keep_type : {true, false}) {
    // Without this LibTorch turns errors of scripts into texts.
    FLAGS_torch_jit_enable_rethrow_caught_exception = keep_type;
    for (const auto& form : forms) {
      mishap() = form;
      refusal(ErrorCode::kOutOfMemory, [&] { model->predict(toy.request); });
    }
  }
  FLAGS_torch_jit_enable_rethrow_caught_exception = true;
  mishap() = nullptr;
  EXPECT_EQ(model->predict(toy.request).depth, before.depth);
}

TEST_F(Accelerator, LossOfTheDeviceEndsTheRunAndIsNotBlamedOnPictures) {
  const auto model = model_on(kFakeGpu, kStumblingForward);
  const ToyRequest toy(1, 1, {2, 2});
  const std::vector<std::function<void()>> forms{
      [] { throw std::runtime_error("CUDA error: an illegal memory access was encountered"); },
      [] { throw std::runtime_error("CUDA error: unspecified launch failure"); },
      [] { throw c10::AcceleratorError({"f", "g", 1}, 719, "unspecified launch failure"); }};
  for (const auto& form : forms) {
    mishap() = form;
    EXPECT_THAT(refusal(ErrorCode::kDeviceUnavailable, [&] { model->predict(toy.request); }),
                HasSubstr("needs a new start"));
    mishap() = nullptr;
    fake_.on_synchronize_ = form;
    refusal(ErrorCode::kDeviceUnavailable, [&] { model->predict(toy.request); });
    refusal(ErrorCode::kDeviceUnavailable, [&] { model->synchronize(); });
    fake_.on_synchronize_ = nullptr;
  }
}

TEST_F(Accelerator, EveryOutputIsCheckedForFiniteValues) {
  ModelSpec spec = toy_spec();
  spec.outputs = {"depth", "depth_conf", "sky", "pose"};
  const std::string outputs[] = {"depth", "depth_conf", "sky", "extrinsics", "intrinsics"};
  for (const std::string& bad : outputs) {
    const auto model = model_on(kFakeGpu, R"(
def all(self, image: Tensor) -> Dict[str, Tensor]:
    d = image.mean(2) + 1
    c = torch.ones([image.size(0), image.size(1), 3, 4])
    r = {'depth': d.clone(), 'depth_conf': d + 1, 'sky': d * 0, 'extrinsics': c, 'intrinsics': c[:, :, :, :3].clone()}
    r[')" + bad + R"('].view([-1])[5] = float('nan')
    return r
def forward(self, image: Tensor) -> Dict[str, Tensor]:
    return self.all(image)
def pose(self, image: Tensor) -> Dict[str, Tensor]:
    return self.all(image)
)",
                                spec);
    ToyRequest toy(1, 1, {4, 4});
    toy.request.wanted = {.confidence = true, .sky = true, .pose = true};
    try {
      model->predict(toy.request);
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kPredictionInvalid);
      EXPECT_THAT(error.what(), AllOf(HasSubstr("\"" + bad + "\""), HasSubstr("element 5")));
    }
  }
}

/// Several times the pictures' own memory.
constexpr const char* kHungryForward = R"(
def forward(self, image: Tensor) -> Dict[str, Tensor]:
    wide = torch.cat([image, image, image, image], 2)
    return {'depth': (wide * wide).mean(2) + self.shift[0]}
)";

class AcceleratorMemory : public Accelerator {
 protected:
  static constexpr Size kSize{128, 128};

  predict::BatchPlannerOptions planner_options(double fraction) const {
    predict::BatchPlannerOptions options;
    options.key.identity = "toy";
    options.key.device = kFakeGpu;
    options.memory_fraction = fraction;
    return options;
  }

  /// Forwards as the pipeline runs them; returns their sizes, those that ran out of memory negative. Time
  /// does not decide: a forward takes as long whatever its size.
  std::vector<int> drive(predict::DepthModel& model, predict::BatchPlanner& planner, int forwards) const {
    std::vector<int> sizes;
    for (int i = 0; i < forwards; ++i) {
      const int batch = planner.next_batch(kSize);
      try {
        const predict::Result result = model.predict(ToyRequest(batch, 1, kSize).request);
        planner.succeeded(kSize, batch, 10, result.peak_bytes);
        sizes.push_back(batch);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kOutOfMemory) << error.what();
        planner.ran_out_of_memory(kSize, batch);
        sizes.push_back(-batch);
      }
    }
    return sizes;
  }

  std::unique_ptr<predict::MemoryProbe> probe_ = make_memory_probe();
};

TEST_F(AcceleratorMemory, PeaksAreALineAndTheProbeSeesWhatTensorsTake) {
  const auto model = model_on(kFakeGpu, kHungryForward);
  std::vector<double> peaks;
  for (const int batch : {1, 2, 4}) {
    peaks.push_back(static_cast<double>(*model->predict(ToyRequest(batch, 1, kSize).request).peak_bytes));
  }
  EXPECT_NEAR(peaks[2] - peaks[1], 2 * (peaks[1] - peaks[0]), 128);
  const std::uint64_t before = probe_->device(kFakeGpu).free_bytes;
  const at::Tensor ballast = at::empty({1 << 20}, at::kByte);
  EXPECT_EQ(before - probe_->device(kFakeGpu).free_bytes, 1U << 20);
}

TEST_F(AcceleratorMemory, PeaksThatAreNotCountedAreUnknownAndNotNothing) {
  const auto model = model_on(kFakeGpu, kHungryForward);
  EXPECT_TRUE(model->predict(ToyRequest(1, 1, kSize).request).peak_bytes);
  fake_.counts_peaks_ = false;
  EXPECT_EQ(model->predict(ToyRequest(1, 1, kSize).request).peak_bytes, std::nullopt);
}

TEST_F(AcceleratorMemory, BatchesGrowToWhatFitsAndNeverRunOut) {
  const auto model = model_on(kFakeGpu, kHungryForward);
  const auto one = *model->predict(ToyRequest(1, 1, kSize).request).peak_bytes;
  fake_.take_by_others((std::uint64_t{4} << 30) - 12 * one);
  predict::BatchPlanner planner(planner_options(0.85), *probe_);
  const std::vector<int> sizes = drive(*model, planner, 40);
  EXPECT_THAT(sizes, ::testing::Each(::testing::Gt(0)));
  const int most = *std::max_element(sizes.begin(), sizes.end());
  EXPECT_GE(most, 8);
  EXPECT_LE(most, 10) << "0.85 of 12 pictures' memory";
}

TEST_F(AcceleratorMemory, RunningOutHalvesTheBatchAndIsRemembered) {
  const auto model = model_on(kFakeGpu, kHungryForward);
  const auto one = *model->predict(ToyRequest(1, 1, kSize).request).peak_bytes;
  auto options = planner_options(0.85);
  options.fixed = 16;
  predict::BatchPlanner planner(options, *probe_);
  // A ballast that nobody told the planner about: six pictures' memory is left.
  fake_.take_by_others((std::uint64_t{4} << 30) - 6 * one);
  const std::vector<int> sizes = drive(*model, planner, 6);
  EXPECT_EQ(sizes, (std::vector<int>{-16, -8, 4, 4, 4, 4}));
  EXPECT_EQ(planner.shape(kSize).failed_batch, 8);
}

TEST_F(AcceleratorMemory, AfterRunningOutNothingIsHeld) {
  const auto model = model_on(kFakeGpu, kHungryForward);
  const ToyRequest small(1, 1, kSize);
  const predict::Result before = model->predict(small.request);
  const std::uint64_t free_bytes = probe_->device(kFakeGpu).free_bytes;
  fake_.take_by_others((std::uint64_t{4} << 30) - 3 * *before.peak_bytes);
  refusal(ErrorCode::kOutOfMemory, [&] { model->predict(ToyRequest(16, 1, kSize).request); });
  fake_.take_by_others(0);
  EXPECT_EQ(probe_->device(kFakeGpu).free_bytes, free_bytes);
  EXPECT_EQ(model->predict(small.request).depth, before.depth);
}

TEST(UnifiedMemory, IsTheRecommendationLessTensorsAndNeverMoreThanTheHostHas) {
  constexpr std::uint64_t kGib = std::uint64_t{1} << 30;
  const auto free_of = [](std::uint64_t allocated, std::uint64_t driver, std::uint64_t host) {
    return unified_memory({.recommended_bytes = 10 * kGib,
                           .allocated_bytes = allocated * kGib,
                           .driver_bytes = driver * kGib,
                           .host_free_bytes = host * kGib})
               .free_bytes /
           kGib;
  };
  EXPECT_EQ(free_of(0, 0, 32), 10U);
  EXPECT_EQ(free_of(4, 4, 32), 6U);
  EXPECT_EQ(free_of(0, 0, 3), 3U) << "other programs hold the rest of the RAM";
  EXPECT_EQ(free_of(2, 4, 3), 5U) << "2 GiB that the allocator keeps are there as well";
  EXPECT_EQ(free_of(12, 12, 32), 0U);
  EXPECT_EQ(unified_memory({.recommended_bytes = kGib}).total_bytes, kGib);
}

TEST(TorchMessage, IsTheFirstLineThatSaysSomething) {
  EXPECT_EQ(torch_message(std::runtime_error("\nUnknown builtin op: aten::new.\nCould not find any")),
            "Unknown builtin op: aten::new.");
  EXPECT_EQ(torch_message(std::runtime_error("Traceback of TorchScript\nRuntimeError: the cause\nmore")),
            "the cause");
  EXPECT_EQ(torch_message(std::runtime_error("\n\n")), "");
}

TEST(DeviceFailure, IsNotAnErrorOfTheWork) {
  EXPECT_FALSE(device_failure(std::runtime_error("shape '[7]' is invalid for input of size 12")));
  EXPECT_FALSE(device_failure(std::runtime_error("CUDA error: out of memory")));
  EXPECT_FALSE(device_failure(
      std::runtime_error("CUDA error: operation failed due to a previous error during capture")));
  EXPECT_TRUE(device_failure(std::runtime_error("CUDA error: uncorrectable ECC error encountered")));
  EXPECT_EQ(
      translate(std::runtime_error("CUDA error: device-side assert triggered"), ErrorCode::kInternal, "x")
          .code(),
      ErrorCode::kDeviceUnavailable);
}

}  // namespace
}  // namespace da3::engine
