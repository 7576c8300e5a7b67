// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <variant>

#include <sys/resource.h>
#include <unistd.h>

#include <da3/error.hpp>

#include <cli/program_location.hpp>
#include <launcher/start_runner.hpp>

namespace da3::launcher {

namespace {

/// How long OpenMP's threads spin at a barrier before they sleep (docs/performance.md, Next to other
/// programs). It is read when LibTorch is loaded, which is before da3-run's main. What the user set himself
/// counts.
void bound_spinning() {
  for (const char* variable : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"}) {
    if (std::getenv(variable) != nullptr) return;
  }
  ::setenv("GOMP_SPINCOUNT", "2000", 0);  // libgomp: turns of the loop
  ::setenv("KMP_BLOCKTIME", "1", 0);      // libomp: milliseconds
}

/// As clusters set them. The OpenMP of LibTorch would bind the main thread to one core when it is loaded, and
/// with it all threads that da3 makes; da3 would take that core for all it may use. Which cores it may use is
/// said by the process's affinity (taskset, a batch system).
void leave_threads_unbound() {
  for (const char* variable : {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY"})
    ::unsetenv(variable);
}

/// What may be had of descriptors and of the stack. Threads get as much stack as the process.
void widen_limits() {
  constexpr rlim_t kStackBytes = rlim_t{8} << 20;
  constexpr rlim_t kLeastStackBytes = rlim_t{256} << 10;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    const rlimit wide{std::min<rlim_t>(limit.rlim_max, 4096), limit.rlim_max};
    if (wide.rlim_cur > limit.rlim_cur) ::setrlimit(RLIMIT_NOFILE, &wide);
  }
  if (::getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= kStackBytes) return;
  const rlimit wide{std::min(limit.rlim_max, kStackBytes), limit.rlim_max};
  if (wide.rlim_cur > limit.rlim_cur && ::setrlimit(RLIMIT_STACK, &wide) == 0) limit = wide;
  if (limit.rlim_cur < kLeastStackBytes) {
    throw Error(ErrorCode::kOutOfMemory, "the stack may have " + std::to_string(limit.rlim_cur) +
                                             " bytes only, and " + std::to_string(kLeastStackBytes) +
                                             " are needed; raise `ulimit -s`");
  }
}

std::filesystem::path path_of(const std::string& runner) {
  return cli::prefix_of_program(1) / "libexec" / "da3" / runner;
}

}  // namespace

std::string runner_of(const cli::Command& command) {
  if (std::holds_alternative<cli::Render>(command)) return "da3-render";
  std::error_code failed;
  const auto* bench = std::get_if<cli::BenchRun>(&command);
  const auto needs_videos = [](bench::SuiteName suite) { return bench::facts_of(suite).needs_videos; };
  const bool video = std::holds_alternative<cli::Video>(command) ||
                     (bench != nullptr && std::ranges::any_of(bench->plan.suites, needs_videos));
  return video && std::filesystem::exists(path_of("da3-run-video"), failed) ? "da3-run-video" : "da3-run";
}

void start_runner(char** argv, const std::string& name) {
  bound_spinning();
  leave_threads_unbound();
  widen_limits();
  std::error_code no_folder;
  static_cast<void>(std::filesystem::current_path(no_folder));
  // MKL, for one, ends the program without it.
  if (no_folder) {
    throw Error(ErrorCode::kUsage, "the current folder is not there any more, or may not be read (" +
                                       no_folder.message() + "); change to one that is");
  }
  const std::filesystem::path runner = path_of(name);
  ::execv(runner.c_str(), argv);
  throw Error(ErrorCode::kInternal, runner.string() + ": cannot be started (" + std::strerror(errno) +
                                        "); the installation is not whole, build or install da3 again");
}

}  // namespace da3::launcher
