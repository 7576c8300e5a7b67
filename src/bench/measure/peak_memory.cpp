// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <fcntl.h>
#include <unistd.h>

#include <bench/environment/environment.hpp>
#include <bench/environment/system_files.hpp>
#include <bench/measure/peak_memory.hpp>
#include <core/host/cgroup.hpp>
#include <core/read_file.hpp>

namespace da3::bench {

bool SystemPeakMemory::restart() {
#ifdef __linux__
  const std::optional<std::uint64_t> before = whole_bytes();
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  const int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  // "5": the peak becomes what is resident now.
  const bool done = write(file, "5", 1) == 1;
  close(file);
  if (done) before_ = before;
  return done;
#else
  return false;
#endif
}

std::optional<std::uint64_t> SystemPeakMemory::bytes() {
#ifdef __linux__
  // getrusage would mix in other peaks of this process.
  const auto kib = value_after(core::read_text("/proc/self/status"), "VmHWM:");
  if (!kib) return std::nullopt;
  return std::stoull(*kib) * 1024;
#else
  return peak_rss_bytes();
#endif
}

std::optional<std::uint64_t> SystemPeakMemory::whole_bytes() {
  const std::optional<std::uint64_t> now = bytes();
  return now && before_ ? std::optional(std::max(*now, *before_)) : now;
}

}  // namespace da3::bench
