// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

#include <unistd.h>

#include <da3/error.hpp>

#include <cli/program_location.hpp>
#include <launcher/start_runner.hpp>

namespace da3::launcher {

void start_runner(char** argv) {
  const std::filesystem::path runner = cli::prefix_of_program(1) / "libexec" / "da3" / "da3-run";
  ::execv(runner.c_str(), argv);
  throw Error(ErrorCode::kInternal, runner.string() + ": cannot be started (" + std::strerror(errno) +
                                        "); the installation is not whole, build or install da3 again");
}

}  // namespace da3::launcher
