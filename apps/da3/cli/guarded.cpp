// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <new>
#include <system_error>

#include <unistd.h>

#include <da3/error.hpp>

#include <cli/guarded.hpp>
#include <cli/printable.hpp>

namespace da3::cli {
namespace {

/// What was printed has to arrive: the last of it leaves the program only here.
int with_written_output(int code) {
  std::cout.flush();
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && !std::cout.bad();
  const int copy = flushed ? ::dup(STDOUT_FILENO) : -1;  // Some file systems tell only on closing
  if (flushed && (copy < 0 || ::close(copy) == 0)) return code;
  std::fprintf(stderr, "da3: standard output cannot be written%s%s; what was printed is not whole\n",
               errno != 0 ? ": " : "", errno != 0 ? std::strerror(errno) : "");
  return code <= 1 ? exit_code(ErrorCode::kOutputFailed) : code;
}

}  // namespace

int guarded(const std::function<int()>& body) {
  try {
    return with_written_output(body());
  } catch (const Error& error) {
    std::fprintf(stderr, "da3: %s\n", printable(error.what()).c_str());
    return exit_code(error.code());
  } catch (const std::bad_alloc&) {
    std::fprintf(
        stderr,
        "da3: memory ran out; try a smaller --process-res or model, or fewer photos at a time (--batch; of "
        "scenes --window)\n");
    return exit_code(ErrorCode::kOutOfMemory);
  } catch (const std::exception& error) {
    const auto* const system = dynamic_cast<const std::system_error*>(&error);
    if (system != nullptr && system->code() == std::errc::resource_unavailable_try_again) {
      std::fprintf(stderr,
                   "da3: the system starts no more threads; raise `ulimit -u` or the container's limit\n");
      return exit_code(ErrorCode::kOutOfMemory);
    }
    std::fprintf(stderr, "da3: %s\nThis is a bug in da3; please report it with the command that shows it.\n",
                 error.what());
    return exit_code(ErrorCode::kInternal);
  }
}

}  // namespace da3::cli
