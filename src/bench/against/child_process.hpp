// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <sys/types.h>

namespace da3::bench {

/// A program that answers each line with one line. Its standard error is this program's.
class ChildProcess {
 public:
  /// Starts `command`, whose first word is a path or a name on PATH. Variables named in `without` are taken
  /// out of its environment. It can be terminated even where this program blocks SIGTERM; SIGINT of a
  /// terminal is left to this program. Throws: Error kUsage if it cannot be started.
  explicit ChildProcess(const std::vector<std::string>& command, const std::vector<std::string>& without = {},
                        std::chrono::milliseconds patience = std::chrono::seconds(5));
  /// Closes its input and waits for it; one that goes on for longer than `patience` is terminated, and killed
  /// after as long again.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// The next line, without its newline. Throws: Error kUsage if the program ended before it came.
  std::string read_line();
  /// Sends a line and returns the answer. Throws: as read_line.
  std::string ask(const std::string& line);

 private:
  [[noreturn]] void fail(const std::string& what);

  /// True if it ended within `patience_`.
  bool wait();

  std::string name_;
  std::chrono::milliseconds patience_;
  pid_t pid_ = -1;
  int to_child_ = -1;
  int from_child_ = -1;
  std::string buffer_;
};

/// Runs `command`, whose first word is a path or a name on PATH, to its end. Its standard output is thrown
/// away, its standard error is this program's. Throws: Error kUsage if it cannot be started or does not end
/// with 0.
void run_to_end(const std::vector<std::string>& command);

}  // namespace da3::bench
