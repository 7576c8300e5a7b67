// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <istream>
#include <stop_token>
#include <string>
#include <thread>

#include <commands/stoppable_input.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace da3::commands {
namespace {

class StoppableInputTest : public ::testing::Test {
 protected:
  StoppableInputTest() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  ~StoppableInputTest() override {
    ::close(ends_[0]);
    close_writer();
  }

  void give(const std::string& text) const {
    EXPECT_EQ(::write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void close_writer() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }

  std::array<int, 2> ends_{};
  std::stop_source stop_;
};

TEST_F(StoppableInputTest, GivesAllUpToTheEnd) {
  StoppableInput input(ends_[0], stop_.get_token());
  std::istream stream(&input);
  const std::string frame(200'000, 'x');  // More than the buffer, and than a pipe holds
  std::thread writer([&] {
    give("a line\nbc" + frame);
    close_writer();
  });
  std::string line;
  std::getline(stream, line);
  EXPECT_EQ(line, "a line");
  EXPECT_EQ(stream.get(), 'b');
  std::string rest(frame.size() + 1, '\0');
  stream.read(rest.data(), static_cast<std::streamsize>(rest.size()));
  EXPECT_TRUE(rest == "c" + frame);
  EXPECT_EQ(stream.get(), std::char_traits<char>::eof());
  writer.join();
}

TEST_F(StoppableInputTest, EndsWhereItIsAskedToStop) {
  StoppableInput input(ends_[0], stop_.get_token());
  std::istream stream(&input);
  give("ab");
  std::string bytes(4, '\0');
  std::thread stopper([&] { stop_.request_stop(); });
  stream.read(bytes.data(), 4);  // Two of them never come
  EXPECT_TRUE(stream.eof());
  stopper.join();
}

TEST_F(StoppableInputTest, IsBadWhereReadingFails) {
  const int folder = ::open("/", O_RDONLY | O_CLOEXEC);
  StoppableInput input(folder, stop_.get_token());
  std::istream stream(&input);
  EXPECT_EQ(stream.get(), std::char_traits<char>::eof());
  EXPECT_TRUE(stream.bad());
  ::close(folder);
}

}  // namespace
}  // namespace da3::commands
