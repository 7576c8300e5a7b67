// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <ctime>
#include <thread>

#include <sys/resource.h>
#include <sys/utsname.h>

#include <bench/environment/environment.hpp>
#include <bench/environment/environment_system.hpp>
#include <core/build_info.hpp>
#include <core/host/cgroup.hpp>
#include <core/host/processor.hpp>

namespace da3::bench {
namespace {

std::string now_utc() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::string kernel_text() {
  utsname names{};
  if (uname(&names) != 0) return {};
  return std::string(names.sysname) + " " + names.release + " " + names.machine;
}

}  // namespace

bool Environment::same_machine(const Environment& other) const {
  if (cpu_model != other.cpu_model || logical_cores != other.logical_cores ||
      memory_bytes != other.memory_bytes) {
    return false;
  }
  if (devices.size() != other.devices.size()) return false;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    if (devices[i].name != other.devices[i].name) return false;
  }
  return true;
}

ToolInfo this_tool() {
  const core::BuildInfo build = core::build_info();
  return {.name = "da3",
          .version = std::string(build.version),
          .commit = std::string(build.commit),
          .build_type = std::string(build.build_type),
          .compiler = std::string(build.compiler)};
}

Environment capture_environment(std::vector<std::string> command_line, const std::filesystem::path& root) {
  Environment environment;
  environment.date_utc = now_utc();
  environment.command_line = std::move(command_line);
  environment.kernel = kernel_text();
  environment.logical_cores = static_cast<int>(std::thread::hardware_concurrency());
  fill_from_system(environment, root);
  environment.cpu_features = core::processor().names();
  environment.cgroup_cpu_limit = core::group_cores(root);
  for (const core::GroupMemory& group : core::group_memories(root)) {
    environment.cgroup_memory_limit_bytes =
        std::min(environment.cgroup_memory_limit_bytes.value_or(group.limit_bytes), group.limit_bytes);
  }
  environment.peak_rss_bytes = peak_rss_bytes();
  return environment;
}

std::optional<std::uint64_t> peak_rss_bytes() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return std::nullopt;
#ifdef __APPLE__
  return static_cast<std::uint64_t>(usage.ru_maxrss);  // bytes there
#else
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;  // KiB on Linux
#endif
}

}  // namespace da3::bench
