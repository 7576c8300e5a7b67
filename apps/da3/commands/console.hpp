// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include <cli/printable.hpp>

namespace da3::commands {

/// Standard error, where messages and one line that changes (the progress bar) share the place. Copies are
/// the same console: threads that outlive a command take one. Threads: any.
class Console {
 public:
  Console() : shared_(std::make_shared<Shared>()) {}

  /// Whether standard error is a terminal.
  static bool is_terminal();
  /// Columns of the terminal; 80 if it does not tell.
  static int width();

  /// A whole line, above the changing one. Control characters of names are shown as '?'.
  void line(const std::string& text) const;

  /// Replaces the changing line; empty removes it.
  void status(const std::string& text) const;

 private:
  struct Shared {
    std::mutex mutex;
    std::string status;
  };
  std::shared_ptr<Shared> shared_;
};

/// For a command's answer.
using cli::put_on_stdout;

}  // namespace da3::commands
