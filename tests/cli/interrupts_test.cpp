// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <csignal>
#include <string>

#include <commands/interrupts.hpp>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace da3::commands {
namespace {

/// A process that holds an Interrupts and tells through a pipe what it saw.
class InterruptsTest : public ::testing::Test {
 protected:
  struct Child {
    bool heeds = true;   ///< Ends with exit_code() once it is asked to stop, else never by itself
    bool hangs = false;  ///< What the first signal calls never returns
  };
  void start(Child child) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    child_ = ::fork();
    ASSERT_GE(child_, 0);
    if (child_ == 0) work(ends[1], child);
    ::close(ends[1]);
    told_ = ends[0];
    EXPECT_EQ(next(), 'r');  // Ready: the signals are blocked
  }
  ~InterruptsTest() override {
    if (told_ >= 0) ::close(told_);
  }

  [[noreturn]] static void work(int tell, Child child) {
    ::alarm(60);  // A child that fails its test does not stay
    const auto say = [tell](char what) {
      if (::write(tell, &what, 1) != 1) ::_exit(99);
    };
    const Interrupts interrupts([say, child](int signal) {
      say(signal == SIGINT ? 'i' : 't');
      while (child.hangs) ::usleep(1000);
    });
    say('r');
    while (!child.heeds || !interrupts.token().stop_requested()) ::usleep(1000);
    ::_exit(interrupts.exit_code());
  }

  /// Later than what counts as the first signal once more.
  void send_later(int signal) const {
    ::usleep(250'000);
    ::kill(child_, signal);
  }

  char next() const {
    char what = 0;
    return ::read(told_, &what, 1) == 1 ? what : '-';
  }

  int exit_code() const {
    int status = 0;
    ::waitpid(child_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  pid_t child_ = -1;
  int told_ = -1;
};

TEST_F(InterruptsTest, TheFirstSignalAsksToStop) {
  start({.heeds = true});
  ::kill(child_, SIGTERM);
  EXPECT_EQ(next(), 't');
  EXPECT_EQ(exit_code(), 143);
}

TEST_F(InterruptsTest, TheSecondSignalEndsAProcessThatDoesNotStop) {
  start({.heeds = false});
  ::kill(child_, SIGINT);
  EXPECT_EQ(next(), 'i');
  send_later(SIGINT);
  EXPECT_EQ(next(), '-') << "the pipe closes with the process";
  EXPECT_EQ(exit_code(), 130);
}

// As `timeout` sends it, to the process and to its group.
TEST_F(InterruptsTest, ASignalThatComesTwiceAtOnceIsTheFirstOne) {
  start({.heeds = false});
  ::kill(child_, SIGTERM);
  ::kill(child_, SIGTERM);
  EXPECT_EQ(next(), 't');
  ::usleep(100'000);
  EXPECT_EQ(::waitpid(child_, nullptr, WNOHANG), 0) << "it has ended";
  send_later(SIGTERM);
  EXPECT_EQ(next(), '-');
  EXPECT_EQ(exit_code(), 143);
}

TEST_F(InterruptsTest, TheSecondSignalMayBeOfAnotherKind) {
  start({.heeds = false});
  ::kill(child_, SIGINT);
  EXPECT_EQ(next(), 'i');
  ::kill(child_, SIGTERM);
  EXPECT_EQ(exit_code(), 143);
}

// As a message does where nobody reads standard error.
TEST_F(InterruptsTest, BothSignalsActWhereWhatTheFirstOneCallsHangs) {
  start({.heeds = true, .hangs = true});
  ::kill(child_, SIGTERM);
  EXPECT_EQ(exit_code(), 143);

  ::close(told_);
  start({.heeds = false, .hangs = true});
  ::kill(child_, SIGTERM);
  EXPECT_EQ(next(), 't');
  ::kill(child_, SIGINT);
  EXPECT_EQ(exit_code(), 130);
}

}  // namespace
}  // namespace da3::commands
