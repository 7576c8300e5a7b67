// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <fstream>
#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <engine/engine.hpp>
#include <testing/temporary_folder.hpp>

#include "toy_network.hpp"

namespace da3::engine {
namespace {

using ::testing::HasSubstr;
using testing::kGoodForward;
using testing::save;
using testing::toy_module;
using testing::toy_spec;

class LoadModel : public ::testing::Test {
 protected:
  std::filesystem::path file_of(const std::string& source, const ModelSpec& spec = toy_spec()) {
    return save(toy_module(source), spec, folder_.path() / "toy.pt");
  }

  /// The message with which loading fails.
  static std::string refusal(const std::filesystem::path& file, ErrorCode code,
                             const LoadOptions& options = {}) {
    try {
      load_model(file, options);
    } catch (const Error& error) {
      EXPECT_EQ(error_name(error.code()), error_name(code)) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "loaded";
    return "";
  }

  da3::testing::TemporaryFolder folder_;
};

TEST_F(LoadModel, GoodFileLoadsWithItsRecord) {
  const auto model = load_model(file_of(kGoodForward), {});
  EXPECT_EQ(model->spec().name, "toy");
  EXPECT_EQ(model->attention(), Attention::kFixed);
  EXPECT_EQ(model->precision(), Precision::kFp32);
  EXPECT_EQ(model->concurrency(), 1);
  EXPECT_EQ(model->spec().sha256.size(), 64U) << "a file without identity gets one";
}

TEST_F(LoadModel, MissingFileIsNotFound) {
  EXPECT_THAT(refusal(folder_.path() / "none.pt", ErrorCode::kModelNotFound), HasSubstr("none.pt"));
}

TEST_F(LoadModel, FileThatIsNoArchiveIsDamaged) {
  refusal(folder_.write("text.pt", "not a model"), ErrorCode::kModelDamaged);
}

TEST_F(LoadModel, TruncatedFileIsDamaged) {
  const auto file = file_of(kGoodForward);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  refusal(file, ErrorCode::kModelDamaged);
}

TEST_F(LoadModel, FileWithoutRecordIsRefusedAndSaysWhatHelps) {
  const auto file = folder_.path() / "bare.pt";
  toy_module(kGoodForward).save(file.string());
  EXPECT_THAT(refusal(file, ErrorCode::kModelContract),
              AllOf(HasSubstr("da3.json"), HasSubstr("--describe")));
}

TEST_F(LoadModel, DescriptionStandsInForAMissingRecord) {
  const auto file = folder_.path() / "bare.pt";
  toy_module(kGoodForward).save(file.string());
  LoadOptions options;
  options.describe = toy_spec();
  options.describe->name = "described";
  EXPECT_EQ(load_model(file, options)->spec().name, "described");
}

TEST_F(LoadModel, DescriptionOfAFileWithARecordIsRefused) {
  LoadOptions options;
  options.describe = toy_spec();
  EXPECT_THAT(refusal(file_of(kGoodForward), ErrorCode::kUsage, options), HasSubstr("record of its own"));
}

TEST_F(LoadModel, CodeIsRefusedByTheLoadItself) {
  LoadOptions options;
  options.refuse_code = true;
  const auto file = file_of(kGoodForward);
  EXPECT_THAT(refusal(file, ErrorCode::kModelUntrusted, options), HasSubstr("--trust-code"));
  options.starter = folder_.path() / "starter.pt";
  std::filesystem::copy(file, options.starter);
  const auto bundled = load_model(file, options);
  EXPECT_EQ(bundled->spec().identity, bundled->spec().sha256) << "known by its weights, as ever";
}

TEST_F(LoadModel, OtherCodeOfTheSameWeightsIsAnotherModel) {
  const auto identity = [&](const std::string& source, const ModelSpec& spec) {
    const auto file = file_of(source, spec);
    const auto model = load_model(file, {});
    EXPECT_EQ(identity_of(file, model->spec()), model->spec().identity);
    return model->spec().identity;
  };
  const std::string first = identity(kGoodForward, toy_spec());
  EXPECT_EQ(identity(kGoodForward, toy_spec()), first) << "saved again";
  std::string other = kGoodForward;
  other.replace(other.find("mean(2)"), 7, "amax(2)");
  EXPECT_NE(identity(other, toy_spec()), first);
  ModelSpec brighter = toy_spec();
  brighter.mean = {1, 0, 0};
  EXPECT_NE(identity(kGoodForward, brighter), first);
}

TEST_F(LoadModel, AFileThatIsWrittenToWhileItIsInUseEndsIt) {
  const auto file = file_of(kGoodForward);
  const auto model = load_model(file, {});
  const testing::ToyRequest toy(1, 1, {4, 6});
  EXPECT_EQ(model->predict(toy.request).depth.size(), 24U);
  const auto before = std::filesystem::last_write_time(file);
  std::filesystem::last_write_time(file, before + std::chrono::seconds(5));
  try {
    model->predict(toy.request);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error_name(error.code()), "model.damaged");
    EXPECT_THAT(error.what(), HasSubstr("toy.pt: was written to while it was in use"));
  }
  // Another file that takes its name leaves it what it had.
  std::filesystem::copy(file, folder_.path() / "other.pt");
  std::filesystem::rename(folder_.path() / "other.pt", file);
  EXPECT_EQ(model->predict(toy.request).depth.size(), 24U);
}

TEST_F(LoadModel, ModuleWithoutForwardBreaksTheContract) {
  const auto file = file_of("def other(self, x: Tensor) -> Tensor:\n    return x\n");
  EXPECT_THAT(refusal(file, ErrorCode::kModelContract),
              HasSubstr("forward(image: Tensor) -> Dict[str, Tensor]"));
}

TEST_F(LoadModel, ForwardThatReturnsATensorBreaksTheContract) {
  const auto file = file_of("def forward(self, image: Tensor) -> Tensor:\n    return image\n");
  EXPECT_THAT(refusal(file, ErrorCode::kModelContract),
              AllOf(HasSubstr("method forward"), HasSubstr("-> Dict[str, Tensor]"), HasSubstr("found")));
}

TEST_F(LoadModel, ForwardWithTwoImagesBreaksTheContract) {
  const auto file = file_of(
      "def forward(self, image: Tensor, more: Tensor) -> Dict[str, Tensor]:\n    return {'depth': image + "
      "more}\n");
  EXPECT_THAT(refusal(file, ErrorCode::kModelContract), HasSubstr("(image: Tensor)"));
}

TEST_F(LoadModel, ANetworkInFloat64IsRefusedAtOnce) {
  const auto file = file_of(R"(
def forward(self, image: Tensor) -> Dict[str, Tensor]:
    return {'depth': torch.conv2d(image[:, 0], torch.ones([1, 3, 1, 1], dtype=7))}
)");
  EXPECT_THAT(refusal(file, ErrorCode::kModelContract), HasSubstr("another type than float32"));
}

TEST_F(LoadModel, WhatANetworkPrintsGoesToStandardError) {
  const auto file = file_of(R"(
def forward(self, image: Tensor) -> Dict[str, Tensor]:
    print('hello')
    return {'depth': image.mean(2)}
)");
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  load_model(file, {})->predict(testing::ToyRequest(1, 1, {28, 28}).request);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("hello\n"));
}

TEST_F(LoadModel, PoseInTheRecordNeedsTheMethod) {
  ModelSpec spec = toy_spec();
  spec.outputs.emplace_back("pose");
  EXPECT_THAT(refusal(file_of(kGoodForward, spec), ErrorCode::kModelContract),
              HasSubstr("pose(image: Tensor)"));
}

TEST_F(LoadModel, DecodeThatDoesNotTakeWhatFeaturesReturnsBreaksTheContract) {
  const auto file = file_of(std::string(kGoodForward) + R"(
def features(self, image: Tensor) -> Tensor:
    return image
def decode(self, features: Dict[str, Tensor], height: int, width: int) -> Dict[str, Tensor]:
    return features
)");
  EXPECT_THAT(refusal(file, ErrorCode::kModelContract), HasSubstr("method decode"));
}

TEST_F(LoadModel, UnknownPrecisionForAForeignNetworkNamesWhatCanRun) {
  LoadOptions options;
  options.precision = Precision::kBf16;
  EXPECT_THAT(refusal(file_of(kGoodForward), ErrorCode::kPrecisionUnsupported, options),
              AllOf(HasSubstr("bf16"), HasSubstr("Possible: fp32")));
}

TEST_F(LoadModel, AttentionCannotBeChosenInAFileWithout) {
  LoadOptions options;
  options.attention = Attention::kManual;
  EXPECT_THAT(refusal(file_of(kGoodForward), ErrorCode::kPrecisionUnsupported, options), HasSubstr("manual"));
}

TEST_F(LoadModel, AbsentDeviceIsUnavailable) {
  if (available_devices().front().kind == DeviceKind::kCuda) GTEST_SKIP() << "a CUDA GPU is here";
  LoadOptions options;
  options.device = {DeviceKind::kCuda, 0};
  refusal(file_of(kGoodForward), ErrorCode::kDeviceUnavailable, options);
}

TEST_F(LoadModel, ChangedWeightsDoNotPassTheIdentityCheck) {
  const auto file = file_of(kGoodForward);
  ModelSpec spec = toy_spec();
  spec.sha256 = load_model(file, {})->spec().sha256;
  save(toy_module(kGoodForward), spec, file);
  LoadOptions options;
  options.identity_folder = folder_.path() / "cache";
  EXPECT_EQ(load_model(file, options)->spec().sha256, spec.sha256);
  auto changed = toy_module(kGoodForward);
  changed.attr("shift").toTensor().add_(1);
  const auto other = save(changed, spec, folder_.path() / "other.pt");
  EXPECT_THAT(refusal(other, ErrorCode::kModelDamaged, options), HasSubstr("other.pt"));
}

TEST(AvailableDevices, TheCpuComesLast) {
  EXPECT_EQ(available_devices().back(), (DeviceId{DeviceKind::kCpu, 0}));
}

}  // namespace
}  // namespace da3::engine
