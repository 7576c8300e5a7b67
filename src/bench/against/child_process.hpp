// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace da3::bench {

/// A program that answers each line with one line. Its standard error is this program's.
class ChildProcess {
 public:
  /// Starts `command`, whose first word is a path or a name on PATH. Variables named in `without` are taken
  /// out of its environment. Throws: Error kUsage if it cannot be started.
  explicit ChildProcess(const std::vector<std::string>& command,
                        const std::vector<std::string>& without = {});
  /// Closes its input and waits for it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// The next line, without its newline. Throws: Error kUsage if the program ended before it came.
  std::string read_line();
  /// Sends a line and returns the answer. Throws: as read_line.
  std::string ask(const std::string& line);

 private:
  [[noreturn]] void fail(const std::string& what);

  std::string name_;
  pid_t pid_ = -1;
  int to_child_ = -1;
  int from_child_ = -1;
  std::string buffer_;
};

}  // namespace da3::bench
