// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <commands/console.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cli/printable.hpp>

namespace da3::commands {
namespace {

void write_all(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

bool Console::is_terminal() {
  return ::isatty(STDERR_FILENO) == 1;
}

int Console::width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void Console::line(const std::string& text) const {
  const std::scoped_lock lock(shared_->mutex);
  const std::string& status = shared_->status;
  const std::string clear = status.empty() ? "" : "\r\033[K";
  write_all(clear + cli::printable(text) + "\n" + status);
}

void Console::status(const std::string& text) const {
  const std::scoped_lock lock(shared_->mutex);
  std::string& status = shared_->status;
  if (status.empty() && text.empty()) return;
  status = cli::printable(text);
  write_all("\r\033[K" + status);
}

}  // namespace da3::commands
