// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <core/host/cgroup.hpp>
#include <core/host/host_memory.hpp>
#include <core/read_file.hpp>

#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

namespace da3::core {

#ifdef __APPLE__

int usable_cores(const std::filesystem::path&) {
  // Performance cores first: a forward split evenly waits for the slowest core.
  for (const char* name : {"hw.perflevel0.physicalcpu", "hw.physicalcpu"}) {
    int cores = 0;
    std::size_t length = sizeof(cores);
    if (sysctlbyname(name, &cores, &length, nullptr, 0) == 0 && cores > 0) return cores;
  }
  return 1;
}

#else

namespace {

/// The numbers of a list such as "0-3,8".
std::vector<int> parse_list(const std::string& list) {
  std::vector<int> numbers;
  std::istringstream ranges(list);
  for (std::string range; std::getline(ranges, range, ',');) {
    std::istringstream ends(range);
    int first = 0;
    if (!(ends >> first)) continue;
    int last = first;
    char dash = 0;
    if (ends >> dash && dash == '-') ends >> last;
    for (int each = first; each <= last; ++each) numbers.push_back(each);
  }
  return numbers;
}

std::vector<int> allowed_processors(const std::filesystem::path& root) {
  std::istringstream status(read_text(root / "proc/self/status"));
  const std::string key = "Cpus_allowed_list:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return parse_list(line.substr(key.size()));
  }
  return {};
}

int physical_cores(const std::filesystem::path& root) {
  std::set<std::string> cores;
  for (const int processor : allowed_processors(root)) {
    const std::filesystem::path topology =
        root / "sys/devices/system/cpu" / ("cpu" + std::to_string(processor)) / "topology";
    std::string siblings = read_text(topology / "core_cpus_list");
    if (siblings.empty()) siblings = read_text(topology / "thread_siblings_list");
    cores.insert(siblings.empty() ? "processor " + std::to_string(processor) : siblings);
  }
  return std::max<int>(1, static_cast<int>(cores.size()));
}

}  // namespace

int usable_cores(const std::filesystem::path& root) {
  const int cores = physical_cores(root);
  const std::optional<double> quota = group_cores(root);
  return quota && *quota < cores ? std::max(1, static_cast<int>(*quota)) : cores;
}

#endif

}  // namespace da3::core
