// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

#include <cli/standard_descriptors.hpp>

namespace da3::cli {

void open_standard_descriptors() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest number that is free, which is this one.
    const int opened = open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY);
    constexpr int kNoDescriptor = 4;  // As for a machine that lacks what is needed
    if (opened != descriptor) ::_exit(kNoDescriptor);
  }
}

}  // namespace da3::cli
