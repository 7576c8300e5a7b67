// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/csrc/jit/serialization/import.h>

#include <da3/error.hpp>

#include <engine/contract.hpp>
#include <engine/engine.hpp>
#include <engine/network/block_products.hpp>
#include <engine/operators/cpu_allocator.hpp>
#include <testing/temporary_folder.hpp>

#include "tiny_model.hpp"
#include "toy_network.hpp"

// Files of networks that this build knows: rebuilt from the program's own text.
namespace da3::engine {
namespace {

using testing::ToyRequest;

class RebuiltModel : public ::testing::Test {
 protected:
  /// The same module and weights under a record that names no network, so that the file's own code runs.
  std::filesystem::path as_foreign() const {
    ModelSpec spec = spec_;
    spec.network_id.clear();
    spec.network_layout = 0;
    spec.network_config_json = "{}";
    return testing::save(torch::jit::load(file_.string()), spec, folder_.path() / "foreign.pt");
  }

  da3::testing::TemporaryFolder folder_;
  const std::filesystem::path file_ = testing::tiny_model().file;
  const ModelSpec spec_ = testing::tiny_model().report.spec;
};

TEST_F(RebuiltModel, GivesWhatTheFilesOwnCodeGives) {
  ToyRequest toy(2, 3, {28, 42});
  toy.request.wanted = {.confidence = true, .sky = false, .pose = true};
  for (const Attention mode : {Attention::kSdpa, Attention::kManual}) {
    LoadOptions options;
    options.attention = mode;
    const predict::Result rebuilt = load_model(file_, options)->predict(toy.request);
    const predict::Result foreign = load_model(as_foreign(), options)->predict(toy.request);
    ASSERT_EQ(rebuilt.depth.size(), foreign.depth.size());
    for (std::size_t i = 0; i < rebuilt.depth.size(); ++i) {
      // The same mathematics; the variant for the device may round in another order.
      ASSERT_NEAR(rebuilt.depth[i], foreign.depth[i], 1e-5F * std::abs(foreign.depth[i])) << i;
      ASSERT_NEAR(rebuilt.confidence[i], foreign.confidence[i], 1e-5F * std::abs(foreign.confidence[i])) << i;
    }
    for (std::size_t i = 0; i < rebuilt.extrinsics.size(); ++i) {
      ASSERT_NEAR(rebuilt.extrinsics[i], foreign.extrinsics[i], 1e-4F) << i;
    }
  }
}

TEST_F(RebuiltModel, WithoutCamerasDepthIsTheSameAndCamerasAreRefused) {
  ToyRequest toy(1, 3, {28, 42});
  LoadOptions options;
  const std::vector<float> depth = load_model(file_, options)->predict(toy.request).depth;
  options.parts.cameras = false;
  const auto model = load_model(file_, options);
  EXPECT_EQ(model->predict(toy.request).depth, depth);
  toy.request.wanted.pose = true;
  try {
    model->predict(toy.request);
    FAIL() << "cameras without a camera decoder";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_NE(std::string(error.what()).find("loaded without its camera decoder"), std::string::npos)
        << error.what();
  }
}

TEST_F(RebuiltModel, RecordThatPromisesMoreThanTheNetworkGivesIsRefused) {
  ModelSpec spec = spec_;
  std::erase(spec.outputs, "depth");
  EXPECT_THROW(own_contract(spec, "file"), Error);
  spec = spec_;
  spec.network_id = "da3-mono";
  ASSERT_TRUE(spec.has_output("pose"));
  EXPECT_THROW(own_contract(spec, "file"), Error);
  std::erase(spec.outputs, "pose");
  EXPECT_FALSE(own_contract(spec, "file").pose);
}

TEST_F(RebuiltModel, TellsBackboneAndHeadApartAndOffersBothModes) {
  const auto model = load_model(file_, {});
  EXPECT_EQ(model->attention(), Attention::kSdpa);
  const predict::Result result = model->predict(ToyRequest(1, 1, {28, 28}).request);
  EXPECT_TRUE(result.times.backbone_ms && result.times.head_ms);
}

TEST_F(RebuiltModel, ManyScenesAreComputedInPartsThatFitTheCache) {
  const auto model = load_model(file_, {});
  constexpr Size kSize{280, 280};  // 401 tokens: four scenes at once
  ToyRequest all(9, 1, kSize);
  all.request.wanted = {.confidence = true, .sky = false, .pose = true};
  const predict::Result together = model->predict(all.request);
  EXPECT_TRUE(together.times.normalise_ms && together.times.backbone_ms && together.times.head_ms);
  EXPECT_LE(*together.times.backbone_ms + *together.times.head_ms, together.times.total_ms);
  for (std::size_t scene = 0; scene < 9; ++scene) {
    predict::Request one = all.request;
    one.scenes = 1;
    one.pictures = {all.request.pictures[scene]};
    const predict::Result alone = model->predict(one);
    for (std::size_t i = 0; i < alone.depth.size(); ++i) {
      ASSERT_NEAR(together.depth[scene * kSize.area() + i], alone.depth[i], 1e-5F * alone.depth[i]) << scene;
    }
    for (std::size_t i = 0; i < 12; ++i)
      ASSERT_NEAR(together.extrinsics[scene * 12 + i], alone.extrinsics[i], 1e-4F) << scene;
  }
  const auto peak = [&](int scenes) {
    return *model->predict(ToyRequest(scenes, 1, kSize).request).peak_bytes;
  };
  // Beyond a part, pictures and results alone take room.
  const std::uint64_t kept = 8 * kSize.area() * (3 + 2) * sizeof(float);
  EXPECT_LT(peak(12), peak(4) + kept + (1U << 20));
  EXPECT_GT(peak(4), peak(1) + (4U << 20)) << "four are computed together";
}

TEST_F(RebuiltModel, WeightsStayInTheFileUnlessCopiesAreWanted) {
  LoadOptions options;
  // Their transformed weights are large beside a network of this size, the more so the wider the vectors.
  options.own_kernels = false;
  const auto first = load_model(file_, options);
  first->predict(ToyRequest(1, 1, {28, 28}).request);
  const std::uint64_t before = cpu_memory().in_use_bytes;
  const auto mapped = load_model(file_, options);
  const std::uint64_t after_mapped = cpu_memory().in_use_bytes;
  options.map_weights = false;
  const auto copied = load_model(file_, options);
  std::uint64_t weight_bytes = 0;
  for (const ModelPart& part : model_parts(spec_))
    weight_bytes += part.on_demand ? 0 : 4 * static_cast<std::uint64_t>(part.parameters);
  EXPECT_LT(after_mapped - before, weight_bytes / 4);
  EXPECT_GE(cpu_memory().in_use_bytes - after_mapped, weight_bytes);
}

/// KiB of the mappings of `file` that are in memory.
std::uint64_t resident_kib_of(const std::filesystem::path& file) {
  std::ifstream maps("/proc/self/smaps");
  std::uint64_t total = 0;
  bool ours = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find('-') < line.find(' ')) ours = line.ends_with(file.string());
    if (ours && line.starts_with("Rss:")) total += std::stoull(line.substr(4));
  }
  return total;
}

TEST_F(RebuiltModel, WeightsThatOthersReplaceLeaveMemory) {
#ifndef __linux__
  GTEST_SKIP() << "reads /proc/self/smaps";
#endif
  if (!has_int8_engine()) GTEST_SKIP() << "this LibTorch has no engine for 8-bit products on this processor";
  const ToyRequest toy(1, 1, {28, 28});
  LoadOptions options;
  std::uint64_t whole = 0;
  {
    const auto exact = load_model(file_, options);
    exact->predict(toy.request);
    whole = resident_kib_of(file_);
  }
  EXPECT_EQ(resident_kib_of(file_), 0U);
  options.precision = Precision::kInt8;
  const auto model = load_model(file_, options);
  model->predict(toy.request);
  EXPECT_LT(resident_kib_of(file_), whole * 3 / 4);
  EXPECT_GT(resident_kib_of(file_), 0U);
}

TEST_F(RebuiltModel, LoadingKeepsNoMemoryForLater) {
  LoadOptions options;
  options.map_weights = false;
  at::empty({3 << 20}, at::kByte).reset();
  const auto model = load_model(file_, options);
  EXPECT_EQ(cpu_memory().cached_bytes, 0U);
}

TEST_F(RebuiltModel, PeakDoesNotDependOnTheCallsBefore) {
  const auto model = load_model(file_, {});
  const ToyRequest toy(2, 1, {28, 42});
  const predict::Result first = model->predict(toy.request);
  const predict::Result second = model->predict(toy.request);
  EXPECT_EQ(first.peak_bytes, second.peak_bytes);
  EXPECT_EQ(first.depth, second.depth);
}

TEST_F(RebuiltModel, BudgetIsKeptAndTheNextForwardIsTheSame) {
  const auto model = load_model(file_, {});
  const ToyRequest small(1, 1, {28, 42});
  const ToyRequest large(4, 1, {28, 42});
  const std::uint64_t enough = *model->predict(large.request).peak_bytes;
  const predict::Result before = model->predict(small.request);
  ASSERT_LT(*before.peak_bytes, enough);
  const std::uint64_t resident = cpu_memory().in_use_bytes;
  set_cpu_memory_budget(resident + enough - 1);
  try {
    model->predict(large.request);
    ADD_FAILURE() << "one byte less than the peak was enough";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kOutOfMemory) << error.what();
  }
  EXPECT_EQ(model->predict(small.request).depth, before.depth);
  EXPECT_EQ(cpu_memory().in_use_bytes, resident);
  set_cpu_memory_budget(resident + enough);
  EXPECT_NO_THROW(model->predict(large.request));
  set_cpu_memory_budget(0);
}

TEST_F(RebuiltModel, VerifyPassesForAFreshFile) {
  const VerifyReport report = verify_model(file_, {});
  EXPECT_TRUE(report.hash_matches);
  EXPECT_EQ(report.computed_sha256, spec_.sha256);
  EXPECT_TRUE(report.selftest_passed) << report.selftest_worst_error;
  EXPECT_EQ(report.tolerance, spec_.selftest->tolerance);
}

TEST_F(RebuiltModel, VerifySeesChangedWeightsByHashAndElseBySelftest) {
  auto module = torch::jit::load(file_.string());
  for (const auto& parameter : module.named_parameters()) {
    if (parameter.name.ends_with("norm.weight")) parameter.value.mul_(1.5);
  }
  ModelSpec spec = spec_;
  const auto changed = testing::save(module, spec, folder_.path() / "changed.pt");
  const VerifyReport by_hash = verify_model(changed, {});
  EXPECT_FALSE(by_hash.hash_matches);
  EXPECT_FALSE(by_hash.selftest_passed);
  spec.sha256 = by_hash.computed_sha256;
  testing::save(module, spec, changed);
  const VerifyReport by_selftest = verify_model(changed, {});
  EXPECT_TRUE(by_selftest.hash_matches);
  EXPECT_FALSE(by_selftest.selftest_passed);
  EXPECT_GT(by_selftest.selftest_worst_error, by_selftest.tolerance);
}

TEST_F(RebuiltModel, MissingTensorIsNamed) {
  ModelSpec spec = spec_;
  auto module = testing::toy_module(testing::kGoodForward);
  const auto file = testing::save(module, spec, folder_.path() / "hollow.pt");
  try {
    load_model(file, {});
    FAIL() << "loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModelContract) << error.what();
    EXPECT_NE(std::string(error.what()).find("backbone"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace da3::engine
