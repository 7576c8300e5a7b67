// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <thread>

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/library.h>

#include <da3/error.hpp>

#include <engine/engine.hpp>
#include <engine/operators/cpu_allocator.hpp>
#include <testing/temporary_folder.hpp>

#include "probe_resolver.hpp"
#include "toy_network.hpp"

TORCH_LIBRARY(da3_test, library) {
  // The argument keeps the compiler from folding the call.
  library.def("num_threads(Tensor any) -> int",
              [](const at::Tensor&) -> std::int64_t { return at::get_num_threads(); });
}

namespace da3::engine {
namespace {

using ::testing::HasSubstr;
using testing::kGoodForward;
using testing::toy_spec;
using testing::ToyRequest;

class Predict : public ::testing::Test {
 protected:
  std::unique_ptr<predict::DepthModel> model_of(const std::string& source, const ModelSpec& spec = toy_spec(),
                                                const LoadOptions& options = {}) {
    return load_model(testing::save(testing::toy_module(source), spec, folder_.path() / "toy.pt"), options);
  }

  static std::string refusal(predict::DepthModel& model, const predict::Request& request, ErrorCode code) {
    try {
      model.predict(request);
    } catch (const Error& error) {
      EXPECT_EQ(error_name(error.code()), error_name(code)) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "predicted";
    return "";
  }

  da3::testing::TemporaryFolder folder_;
};

/// What kGoodForward makes of a picture with mean 0 and deviation 1: the mean of three bytes / 255, plus
/// 0.25.
float expected_depth(const std::vector<std::uint8_t>& picture, std::size_t pixel) {
  const float sum = static_cast<float>(picture[pixel * 3]) + static_cast<float>(picture[pixel * 3 + 1]) +
                    static_cast<float>(picture[pixel * 3 + 2]);
  return sum / 255.0F / 3.0F + 0.25F;
}

TEST_F(Predict, EveryPixelOfEveryPictureKeepsItsPlace) {
  const auto model = model_of(kGoodForward);
  ToyRequest toy(2, 3, {4, 6});
  toy.request.wanted.confidence = true;
  const predict::Result result = model->predict(toy.request);
  ASSERT_EQ(result.depth.size(), 2U * 3 * 4 * 6);
  for (std::size_t i = 0; i < result.depth.size(); ++i) {
    // Three roundings of numbers below 2.
    EXPECT_NEAR(result.depth[i], expected_depth(toy.pictures[i / 24], i % 24), 3e-7F) << i;
    EXPECT_EQ(result.confidence[i], 2.0F);
  }
  EXPECT_EQ(result.size, (Size{4, 6}));
  EXPECT_TRUE(result.sky.empty());
}

TEST_F(Predict, NormalisationFollowsTheRecord) {
  ModelSpec spec = toy_spec();
  spec.mean = {0.5F, 0.5F, 0.5F};
  spec.std = {0.25F, 0.25F, 0.25F};
  spec.input_range = {-1, 1};
  const auto model = model_of(kGoodForward, spec);
  const ToyRequest toy(1, 1, {2, 2});
  const predict::Result result = model->predict(toy.request);
  for (std::size_t i = 0; i < 4; ++i) {
    const float plain = expected_depth(toy.pictures[0], i) - 0.25F;
    EXPECT_NEAR(result.depth[i], ((plain * 2 - 1) - 0.5F) / 0.25F + 0.25F, 2e-6F);
  }
}

TEST_F(Predict, SplitNetworkTellsBackboneAndHeadApart) {
  const std::string split = R"(
def features(self, image: Tensor) -> Dict[str, Tensor]:
    return {'mean': image.mean(2)}
def decode(self, features: Dict[str, Tensor], height: int, width: int) -> Dict[str, Tensor]:
    assert height == 4 and width == 6
    return {'depth': features['mean'] + self.shift[0]}
def forward(self, image: Tensor) -> Dict[str, Tensor]:
    return {'depth': image * 0}
)";
  const ToyRequest toy(1, 1, {4, 6});
  const predict::Result result = model_of(split)->predict(toy.request);
  EXPECT_NEAR(result.depth[5], expected_depth(toy.pictures[0], 5), 3e-7F);
  EXPECT_TRUE(result.times.backbone_ms && result.times.head_ms);
  const predict::Result whole = model_of(kGoodForward)->predict(toy.request);
  EXPECT_FALSE(whole.times.backbone_ms || whole.times.head_ms);
  EXPECT_GE(whole.times.total_ms,
            *whole.times.upload_ms + *whole.times.normalise_ms + *whole.times.download_ms);
}

TEST_F(Predict, PoseIsOfEveryView) {
  ModelSpec spec = toy_spec();
  spec.outputs.emplace_back("pose");
  const auto model = model_of(std::string(kGoodForward) + R"(
def pose(self, image: Tensor) -> Dict[str, Tensor]:
    r = self.forward(image)
    r['extrinsics'] = torch.ones([image.size(0), image.size(1), 3, 4])
    r['intrinsics'] = torch.zeros([image.size(0), image.size(1), 3, 3]) + torch.eye(3)
    return r
)",
                              spec);
  ToyRequest toy(2, 2, {2, 2});
  toy.request.wanted.pose = true;
  const predict::Result result = model->predict(toy.request);
  EXPECT_EQ(result.extrinsics.size(), 2U * 2 * 12);
  EXPECT_EQ(result.intrinsics.size(), 2U * 2 * 9);
  EXPECT_EQ(result.depth.size(), 16U);
}

TEST_F(Predict, MissingDepthIsNamed) {
  const auto model =
      model_of("def forward(self, image: Tensor) -> Dict[str, Tensor]:\n    return {'dpth': image}\n");
  EXPECT_THAT(refusal(*model, ToyRequest(1, 1, {2, 2}).request, ErrorCode::kPredictionInvalid),
              AllOf(HasSubstr("\"depth\""), HasSubstr("missing")));
}

TEST_F(Predict, WrongShapeIsNamedWithBothShapes) {
  const auto model =
      model_of("def forward(self, image: Tensor) -> Dict[str, Tensor]:\n    return {'depth': image}\n");
  EXPECT_THAT(refusal(*model, ToyRequest(1, 1, {2, 4}).request, ErrorCode::kPredictionInvalid),
              AllOf(HasSubstr("[1, 1, 2, 4]"), HasSubstr("[1, 1, 3, 2, 4]")));
}

TEST_F(Predict, ValueThatIsNotFiniteIsNamedWithItsPlace) {
  for (const char* const value : {"float('nan')", "float('inf')", "-float('inf')"}) {
    const auto model = model_of(std::string("def forward(self, image: Tensor) -> Dict[str, Tensor]:\n") +
                                "    depth = image.mean(2)\n    depth[0, 0, 1, 2] = " + value +
                                "\n    return {'depth': depth}\n");
    EXPECT_THAT(refusal(*model, ToyRequest(1, 1, {2, 4}).request, ErrorCode::kPredictionInvalid),
                HasSubstr("element 6 of 8"));
  }
}

TEST_F(Predict, FailureInsideTheNetworkNamesModelAndCause) {
  const auto model = model_of(
      "def forward(self, image: Tensor) -> Dict[str, Tensor]:\n    return {'depth': image.view([7])}\n");
  EXPECT_THAT(refusal(*model, ToyRequest(1, 1, {2, 2}).request, ErrorCode::kPredictionInvalid),
              AllOf(HasSubstr("toy"), HasSubstr("shape '[7]' is invalid")));
}

TEST_F(Predict, RequestThatCannotBeRunIsAUsageError) {
  const auto model = model_of(kGoodForward);
  refusal(*model, ToyRequest(1, 1, {3, 4}).request, ErrorCode::kUsage);
  refusal(*model, ToyRequest(1, 1, {0, 4}).request, ErrorCode::kUsage);
  ToyRequest sky(1, 1, {2, 2});
  sky.request.wanted.sky = true;
  EXPECT_THAT(refusal(*model, sky.request, ErrorCode::kUsage), HasSubstr("sky"));
  ToyRequest few(2, 1, {2, 2});
  few.request.pictures.pop_back();
  refusal(*model, few.request, ErrorCode::kUsage);
  ToyRequest small(1, 1, {2, 2});
  small.request.pictures[0] = small.request.pictures[0].first(11);
  refusal(*model, small.request, ErrorCode::kUsage);
}

TEST_F(Predict, NetworkOfOneSizeTakesNoOther) {
  ModelSpec spec = toy_spec();
  spec.fixed_size = {4, 6};
  const auto model = model_of(kGoodForward, spec);
  EXPECT_NO_THROW(model->predict(ToyRequest(1, 1, {4, 6}).request));
  EXPECT_THAT(refusal(*model, ToyRequest(1, 1, {6, 4}).request, ErrorCode::kUsage), HasSubstr("4x6"));
}

TEST_F(Predict, ForwardRunsWithTheModelsThreadsAndTheCallersStayAsTheyAre) {
  auto module = testing::toy_module("");
  module.define(R"(
def forward(self, image: Tensor) -> Dict[str, Tensor]:
    return {'depth': image.mean(2) * 0 + probe.num_threads(image)}
)",
                std::make_shared<testing::ProbeResolver>());
  const auto file = testing::save(module, toy_spec(), folder_.path() / "probe.pt");
  at::set_num_threads(2);
  for (const int threads : {1, 3}) {
    LoadOptions options;
    options.threads = threads;
    const predict::Result result = load_model(file, options)->predict(ToyRequest(1, 1, {2, 2}).request);
    EXPECT_EQ(result.depth[0], static_cast<float>(threads));
    EXPECT_EQ(at::get_num_threads(), 2);
  }
}

TEST_F(Predict, SeveralThreadsGetTheSameBits) {
  const auto model = model_of(kGoodForward);
  const ToyRequest toy(2, 1, {32, 32});
  const predict::Result alone = model->predict(toy.request);
  std::vector<predict::Result> results(4);
  std::vector<std::thread> threads;
  for (predict::Result& result : results) threads.emplace_back([&] { result = model->predict(toy.request); });
  for (std::thread& thread : threads) thread.join();
  for (const predict::Result& result : results) EXPECT_EQ(result.depth, alone.depth);
}

/// Needs several times the picture's own memory, on which the next tests stand.
constexpr const char* kHungryForward = R"(
def forward(self, image: Tensor) -> Dict[str, Tensor]:
    wide = torch.cat([image, image, image, image], 2)
    return {'depth': (wide * wide).mean(2) + self.shift[0]}
)";

TEST_F(Predict, PeakIsALineThroughTheNumberOfScenes) {
  const auto model = model_of(kHungryForward);
  std::vector<std::uint64_t> peaks;
  for (const int scenes : {1, 2, 3, 4}) {
    peaks.push_back(*model->predict(ToyRequest(scenes, 1, {256, 256}).request).peak_bytes);
  }
  // Only scalars (16 bytes for indexing `shift`) do not grow with the batch.
  const auto step = static_cast<std::int64_t>(peaks[1] - peaks[0]);
  EXPECT_GE(step, 256 * 256 * 3 * 4 * 9);
  for (std::size_t i = 2; i < peaks.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(peaks[i]), static_cast<double>(peaks[i - 1]) + static_cast<double>(step),
                64.0);
  }
}

class Budget : public Predict {
 protected:
  ~Budget() override { set_cpu_memory_budget(0); }
};

TEST_F(Budget, TurnsIntoATypedErrorAndNothingLeaks) {
  const auto model = model_of(kHungryForward);
  const ToyRequest small(1, 1, {128, 128});
  const predict::Result before = model->predict(small.request);
  const std::uint64_t resident = cpu_memory().in_use_bytes;
  const ToyRequest large(16, 1, {128, 128});
  set_cpu_memory_budget(resident + 4 * *before.peak_bytes);
  EXPECT_THAT(refusal(*model, large.request, ErrorCode::kOutOfMemory), HasSubstr("out of memory"));
  EXPECT_EQ(cpu_memory().in_use_bytes, resident);
  EXPECT_EQ(cpu_memory().cached_bytes, 0U);
  const predict::Result after = model->predict(small.request);
  EXPECT_EQ(after.depth, before.depth) << "the same bits as before memory ran out";
  set_cpu_memory_budget(0);
  EXPECT_NO_THROW(model->predict(large.request));
}

TEST_F(Budget, HoldsAtEveryLevel) {
  const auto model = model_of(kHungryForward);
  const ToyRequest toy(4, 1, {64, 64});
  const predict::Result free = model->predict(toy.request);
  const std::uint64_t resident = cpu_memory().in_use_bytes;
  int failures = 0;
  for (int share = 1; share < 10; ++share) {
    set_cpu_memory_budget(resident + *free.peak_bytes * static_cast<std::uint64_t>(share) / 10);
    refusal(*model, toy.request, ErrorCode::kOutOfMemory);
    ++failures;
    EXPECT_EQ(cpu_memory().in_use_bytes, resident);
  }
  EXPECT_EQ(failures, 9);
  set_cpu_memory_budget(resident + *free.peak_bytes);
  EXPECT_EQ(model->predict(toy.request).depth, free.depth) << "the measured peak is enough";
}

TEST_F(Predict, SecondCallOfAShapeReusesBlocksAndAnotherShapeGivesThemBack) {
  const auto model = model_of(kHungryForward);
  const ToyRequest toy(1, 1, {256, 256});
  model->predict(toy.request);
  const std::uint64_t cached = cpu_memory().cached_bytes;
  EXPECT_GT(cached, 0U);
  model->predict(toy.request);
  EXPECT_EQ(cpu_memory().cached_bytes, cached);
  model->predict(ToyRequest(1, 1, {2, 2}).request);
  EXPECT_EQ(cpu_memory().cached_bytes, 0U);
}

}  // namespace
}  // namespace da3::engine
