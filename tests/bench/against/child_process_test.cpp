// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <bench/against/child_process.hpp>

namespace da3::bench {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

// Tells its process id, then runs `rest`.
std::vector<std::string> shell(const std::string& rest) {
  return {"/bin/sh", "-c", "echo $$; " + rest};
}

bool runs(pid_t process) {
  return kill(process, 0) == 0 || errno != ESRCH;
}

pid_t ended_process(const std::string& rest, milliseconds patience) {
  std::optional<ChildProcess> child(std::in_place, shell(rest), std::vector<std::string>{}, patience);
  const pid_t process = std::stoi(child->read_line());
  EXPECT_TRUE(runs(process));
  child.reset();
  return process;
}

TEST(ChildProcess, AnswersALineWithALine) {
  ChildProcess child({"/bin/sh", "-c", "while read -r line; do echo \"<$line>\"; done"});
  EXPECT_EQ(child.ask("a b"), "<a b>");
  EXPECT_EQ(child.ask(""), "<>");
}

TEST(ChildProcess, EndsWithItsInput) {
  EXPECT_FALSE(runs(ended_process("cat >/dev/null", std::chrono::minutes(10))));
}

TEST(ChildProcess, IsTerminatedWhereItGoesOn) {
  EXPECT_FALSE(runs(ended_process("exec sleep 1000", milliseconds(20))));
}

TEST(ChildProcess, IsKilledWhereItIgnoresThat) {
  EXPECT_FALSE(runs(ended_process("trap '' TERM; while :; do sleep 0.01; done", milliseconds(20))));
}

TEST(ChildProcess, CanBeTerminatedThoughThisProgramBlocksTheSignal) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &blocked, &before), 0);
  ChildProcess child({"/bin/sh", "-c", "kill -TERM $$; echo survived"});
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_ANY_THROW(child.read_line());
}

TEST(RunToEnd, TellsHowACommandFailed) {
  const auto failure = [](const std::vector<std::string>& command) {
    try {
      run_to_end(command);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(failure({"/bin/sh", "-c", "echo nobody sees this; cat"}), "");
  EXPECT_THAT(failure({"/bin/sh", "-c", "exit 3"}), HasSubstr("ended with 3"));
  EXPECT_THAT(failure({"/bin/sh", "-c", "kill -TERM $$"}), HasSubstr("signal 15"));
  EXPECT_THAT(failure({"/nowhere/program"}), HasSubstr("could not be started"));
}

}  // namespace
}  // namespace da3::bench
