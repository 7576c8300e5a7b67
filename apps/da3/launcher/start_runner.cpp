// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>

#include <unistd.h>

#include <da3/error.hpp>

#include <cli/program_location.hpp>
#include <launcher/start_runner.hpp>

namespace da3::launcher {

namespace {

/// How long OpenMP's threads spin at a barrier before they sleep (docs/performance.md, Beside others). It is
/// read when LibTorch is loaded, which is before da3-run's main. What the user set himself counts.
void bound_spinning() {
  for (const char* variable : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"}) {
    if (std::getenv(variable) != nullptr) return;
  }
  ::setenv("GOMP_SPINCOUNT", "2000", 0);  // libgomp: turns of the loop
  ::setenv("KMP_BLOCKTIME", "1", 0);      // libomp: milliseconds
}

}  // namespace

void start_runner(char** argv) {
  bound_spinning();
  std::error_code no_folder;
  std::filesystem::current_path(no_folder);
  // MKL, for one, ends the program without it.
  if (no_folder) {
    throw Error(ErrorCode::kUsage, "the current folder is not there any more, or may not be read (" +
                                       no_folder.message() + "); change to one that is");
  }
  const std::filesystem::path runner = cli::prefix_of_program(1) / "libexec" / "da3" / "da3-run";
  ::execv(runner.c_str(), argv);
  throw Error(ErrorCode::kInternal, runner.string() + ": cannot be started (" + std::strerror(errno) +
                                        "); the installation is not whole, build or install da3 again");
}

}  // namespace da3::launcher
