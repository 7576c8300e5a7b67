// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <suites/fake_context.hpp>
#include <suites/group_session.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::suites {
namespace {

using bench::Fields;
using bench::SuiteName;

Fields settings(int views) {
  return {{"model", "da3-small"},       {"weights", "synthetic"},    {"device", "cpu"},
          {"precision", "fp32"},        {"attention", "sdpa"},       {"views", std::int64_t{views}},
          {"height", std::int64_t{28}}, {"width", std::int64_t{56}}, {"threads", std::int64_t{1}}};
}

bench::PlannedGroup scenes() {
  return {SuiteName::kScene, {{SuiteName::kScene, settings(1), 0}, {SuiteName::kScene, settings(3), 0}}};
}

// On the fake clock forwards alone take time.
TEST(SceneSuite, TellsWhatAViewCostsAndWhereTheTimeGoes) {
  FakeMachine machine;
  machine.outputs = {"depth", "depth_conf", "pose"};
  const testing::TemporaryFolder folder;
  machine.context.scratch = folder.path();
  const auto results = measure_group(scenes(), machine.context, {.warmups = 1, .rounds = 2, .runs = 2});
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].number("forward_ms"), 15.0);
  EXPECT_EQ(results[1].number("forward_ms"), 35.0);
  EXPECT_NEAR(*results[1].number("view_ms"), 35.0 / 3, 1e-9);
  EXPECT_NEAR(*results[1].number("backbone_share"), 0.7, 1e-9);
  EXPECT_NEAR(*results[1].number("head_share"), 0.2, 1e-9);
  EXPECT_EQ(results[1].number("points_share"), 0.0);
  EXPECT_EQ(results[1].number("peak_tensor_bytes"), 3000);
  EXPECT_EQ(results[1].facts.number("tokens"), 3 * 9);
  EXPECT_TRUE(std::filesystem::file_size(folder.path() / "scene/scene.glb") > 3 * 28 * 56 / 2);
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "scene/cameras.json"));
}

TEST(SceneSuite, AModelWithoutCamerasCannotBeMeasured) {
  FakeMachine machine;
  const auto results = measure_group(scenes(), machine.context, {.warmups = 1, .rounds = 2, .runs = 2});
  EXPECT_NE(results[0].status, bench::CaseStatus::kDone);
  EXPECT_THAT(results[0].reason, ::testing::HasSubstr("has no cameras"));
}

}  // namespace
}  // namespace da3::suites
