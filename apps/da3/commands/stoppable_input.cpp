// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ios>
#include <utility>

#include <commands/stoppable_input.hpp>
#include <poll.h>
#include <unistd.h>

namespace da3::commands {

StoppableInput::StoppableInput(int descriptor, std::stop_token stop)
    : descriptor_(descriptor), stop_(std::move(stop)), buffer_(std::size_t{1} << 16) {}

StoppableInput::int_type StoppableInput::underflow() {
  const std::size_t got = read_some(buffer_.data(), buffer_.size());
  setg(buffer_.data(), buffer_.data(), buffer_.data() + got);
  return got == 0 ? traits_type::eof() : traits_type::to_int_type(buffer_.front());
}

std::streamsize StoppableInput::xsgetn(char* to, std::streamsize count) {
  std::streamsize got = std::min<std::streamsize>(count, egptr() - gptr());
  if (got > 0) std::memcpy(to, gptr(), static_cast<std::size_t>(got));
  gbump(static_cast<int>(got));
  while (got < count) {  // Frames go where they are wanted, past the buffer
    const std::size_t more = read_some(to + got, static_cast<std::size_t>(count - got));
    if (more == 0) break;
    got += static_cast<std::streamsize>(more);
  }
  return got;
}

std::size_t StoppableInput::read_some(char* to, std::size_t most) const {
  constexpr int kLook_ms = 100;
  while (!stop_.stop_requested()) {
    pollfd input{descriptor_, POLLIN, 0};
    const int ready = poll(&input, 1, kLook_ms);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const ssize_t got = read(descriptor_, to, most);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) throw std::ios_base::failure("standard input cannot be read");
    return static_cast<std::size_t>(got);
  }
  return 0;
}

}  // namespace da3::commands
