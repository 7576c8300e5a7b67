// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <suites/fake_context.hpp>
#include <suites/group_session.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::suites {
namespace {

using bench::SuiteName;

bench::PlannedGroup folder_of_two() {
  return {SuiteName::kFolder,
          {{SuiteName::kFolder,
            {{"model", "da3-small"},
             {"weights", "synthetic"},
             {"device", "cpu"},
             {"precision", "bf16"},
             {"attention", "sdpa"},
             {"images", std::int64_t{2}},
             {"views", std::int64_t{1}},
             {"height", std::int64_t{28}},
             {"width", std::int64_t{56}},
             {"photo_height", std::int64_t{40}},
             {"photo_width", std::int64_t{80}},
             {"process_res", std::int64_t{56}},
             {"formats", "png16"},
             {"threads", std::int64_t{1}}},
            0}}};
}

// On the fake clock forward passes alone take time, and the command what it is said to take.
TEST(FolderSuite, TimesTheWholeCommandToo) {
  FakeMachine machine;
  const testing::TemporaryFolder folder;
  machine.context.scratch = folder.path();
  std::vector<std::string> command;
  machine.context.run_program = [&](const std::vector<std::string>& arguments) {
    command = arguments;
    machine.clock.advance_ms(700);
  };
  const auto results =
      measure_group(folder_of_two(), machine.context, {.warmups = 1, .rounds = 2, .runs = 2});
  ASSERT_EQ(results.size(), 1U);
  ASSERT_EQ(results[0].status, bench::CaseStatus::kDone) << results[0].reason;
  EXPECT_EQ(results[0].number("command_ms"), 700.0);
  EXPECT_EQ(results[0].number("forward_only_ms"), results[0].number("total_ms"));
  ASSERT_GE(command.size(), 2U);
  EXPECT_EQ(command[0], "infer");
  EXPECT_EQ(std::filesystem::path(command[1]).parent_path(), folder.path());
  const auto has = [&](const std::string& option, const std::string& value) {
    const auto found = std::find(command.begin(), command.end(), option);
    EXPECT_TRUE(found != command.end() && found + 1 != command.end() && found[1] == value) << option;
  };
  has("-f", "png16");
  has("--precision", "bf16");
  has("--attention", "sdpa");
  has("--process-res", "56");
  has("--threads", "1");
  has("--device", "cpu");
}

TEST(FolderSuite, ACommandThatFailsIsTheCasesFailure) {
  FakeMachine machine;
  const testing::TemporaryFolder folder;
  machine.context.scratch = folder.path();
  machine.context.run_program = [](const std::vector<std::string>&) {
    throw Error(ErrorCode::kUsage, "da3 infer ended with 3");
  };
  const auto results =
      measure_group(folder_of_two(), machine.context, {.warmups = 1, .rounds = 1, .runs = 1});
  EXPECT_NE(results.at(0).status, bench::CaseStatus::kDone);
  EXPECT_THAT(results.at(0).reason, ::testing::HasSubstr("ended with 3"));
}

}  // namespace
}  // namespace da3::suites
