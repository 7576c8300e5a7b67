// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <video/outputs.hpp>

#include <da3/error.hpp>

#include <testing/temporary_folder.hpp>

namespace da3::video {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(PlanOutputs, TakeTheContainerFromTheEndingInAnyCase) {
  const VideoLibrary library;
  for (const auto& [name, container] : {std::pair{"v.mp4", "mp4"},
                                        {"v.MP4", "mp4"},
                                        {"v.Mov", "mov"},
                                        {"v.MKV", "matroska"},
                                        {"v.WebM", "webm"}}) {
    const OutputPlan plan = plan_outputs("in.mp4", name, {}, &library);
    ASSERT_THAT(plan.streams, SizeIs(1)) << name;
    EXPECT_EQ(plan.streams.front().container, container) << name;
    EXPECT_EQ(plan.streams.front().target, name);
  }
}

TEST(PlanOutputs, MakeNoFolderOfAFilesName) {
  for (const char* name : {"v.avi", "v.gif", "v.TS", "v.m4v", "v.y4m", "v.png", "v.exr"}) {
    try {
      plan_outputs("in.mp4", name, {"npy"}, nullptr);
      ADD_FAILURE() << name << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage) << name;
      EXPECT_THAT(error.what(), HasSubstr(".mp4, .mov, .mkv or .webm"));
    }
  }
  EXPECT_EQ(plan_outputs("in.mp4", "v.avi/", {"npy"}, nullptr).folder, "v.avi/");
  EXPECT_EQ(plan_outputs("in.mp4", "v", {"npy"}, nullptr).folder, "v");
  EXPECT_EQ(plan_outputs("in.avi", "", {"npy"}, nullptr).folder, "in.avi.depth");
}

TEST(PlanOutputs, HaveEveryFormatOnceAndNoneAlone) {
  const VideoLibrary library;
  const OutputPlan plan = plan_outputs("in.mp4", "v", {"vis", "npy", "vis", "npy"}, &library);
  EXPECT_THAT(plan.streams, SizeIs(1));
  EXPECT_THAT(plan.frames, SizeIs(1));
  EXPECT_THAT(plan_outputs("in.mp4", "v.mp4", {"vis", "vis"}, &library).streams, SizeIs(1));
  EXPECT_THAT(plan_outputs("in.mp4", "v", {"none"}, &library).frames, SizeIs(0));
  EXPECT_THROW(plan_outputs("in.mp4", "v", {"png16", "none"}, &library), Error);
  EXPECT_THROW(plan_outputs("in.mp4", "v", {"html"}, &library), Error) << "a gallery is of photos";
}

TEST(PlanOutputs, GoOnInAFolderThatIsThere) {
  const testing::TemporaryFolder folder;
  const std::filesystem::path there = folder.path() / "v.avi";
  std::filesystem::create_directory(there);
  EXPECT_EQ(plan_outputs("in.mp4", there.string(), {"npy"}, nullptr).folder, there);
}

}  // namespace
}  // namespace da3::video
