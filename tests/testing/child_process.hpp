// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdlib>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace da3::testing {

/// A process that runs `work` and sends back the text it returns, or "error: ..." for an exception.
class ChildProcess {
 public:
  explicit ChildProcess(const std::function<std::string()>& work) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
    id_ = fork();
    if (id_ < 0) throw std::runtime_error("no process");
    if (id_ == 0) {
      close(ends[0]);
      send(ends[1], answer(work));
      while (true) pause();  // Holds its locks until it is killed
    }
    close(ends[1]);
    read_end_ = ends[0];
  }
  ~ChildProcess() {
    kill();
    close(read_end_);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t id() const { return id_; }

  /// Waits for the text.
  std::string text() const {
    std::string text;
    char letter = 0;
    while (read(read_end_, &letter, 1) == 1 && letter != '\0') text += letter;
    return text;
  }

  /// SIGKILL: nothing is tidied up.
  void kill() {
    if (id_ <= 0) return;
    ::kill(id_, SIGKILL);
    waitpid(id_, nullptr, 0);
    id_ = 0;
  }

 private:
  static std::string answer(const std::function<std::string()>& work) {
    try {
      return work();
    } catch (const std::exception& failure) {
      return std::string("error: ") + failure.what();
    }
  }

  static void send(int end, const std::string& text) {
    if (write(end, text.c_str(), text.size() + 1) != static_cast<ssize_t>(text.size() + 1)) _exit(1);
  }

  pid_t id_ = 0;
  int read_end_ = -1;
};

/// The text that `work` returns in a process of its own.
inline std::string in_child(const std::function<std::string()>& work) {
  return ChildProcess(work).text();
}

}  // namespace da3::testing
