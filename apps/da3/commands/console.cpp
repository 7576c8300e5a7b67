// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <commands/console.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

namespace da3::commands {
namespace {

// A file's name must not be able to move the cursor or recolour the terminal.
std::string printable(std::string text) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F) c = '?';
  }
  return text;
}

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

void Console::line(const std::string& text) {
  const std::scoped_lock lock(mutex_);
  const std::string clear = status_.empty() ? "" : "\r\033[K";
  write_all(clear + printable(text) + "\n" + status_);
}

void Console::status(const std::string& text) {
  const std::scoped_lock lock(mutex_);
  if (status_.empty() && text.empty()) return;
  status_ = printable(text);
  write_all("\r\033[K" + status_);
}

}  // namespace da3::commands
