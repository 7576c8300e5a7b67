// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <latch>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>

#include <da3/error.hpp>

#include <core/host/process_limits.hpp>

namespace da3::core {

void require_team(int team) {
  thread_local int largest = 1;
  std::latch started(1);
  std::vector<std::jthread> threads;
  try {
    for (int i = largest; i < team; ++i) threads.emplace_back([&] { started.wait(); });
    started.count_down();
    largest = std::max(largest, team);
  } catch (const std::system_error&) {
    started.count_down();
    throw Error(
        ErrorCode::kDeviceUnavailable,
        "the system starts no more threads; raise `ulimit -u` or the container's limit, or give fewer "
        "--threads");
  }
}

std::size_t free_descriptors() {
  constexpr rlim_t kMany = 4096;  // More than anything here opens, and many to look at
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > kMany) return kMany;
  std::size_t free = 0;
  for (int descriptor = 0; descriptor < static_cast<int>(limit.rlim_cur); ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) < 0) ++free;
  }
  return free;
}

}  // namespace da3::core
