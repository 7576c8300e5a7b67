// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <sstream>
#include <utility>

#include <sched.h>

#include <bench/environment/environment_system.hpp>
#include <bench/environment/system_files.hpp>
#include <core/host/cgroup.hpp>
#include <core/read_file.hpp>

namespace da3::bench {
namespace {

void fill_processor(Environment& environment, const std::string& cpuinfo) {
  environment.cpu_model = value_after(cpuinfo, "model name").value_or("");
  std::set<std::pair<std::string, std::string>> cores;
  std::string package;
  int processors = 0;
  std::istringstream lines(cpuinfo);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("processor")) ++processors;
    if (line.starts_with("physical id")) package = line;
    if (line.starts_with("core id")) cores.emplace(package, line);
  }
  if (processors > 0) environment.logical_cores = processors;
  if (!cores.empty()) environment.physical_cores = static_cast<int>(cores.size());
}

std::string power_source(const std::filesystem::path& root) {
  std::error_code error;
  std::string source;
  for (const auto& supply : std::filesystem::directory_iterator(root / "sys/class/power_supply", error)) {
    const std::string type = core::trimmed(core::read_text(supply.path() / "type"));
    if (type == "Mains" && core::read_number(supply.path() / "online").value_or(0) == 1) return "mains";
    if (type == "Battery" && core::trimmed(core::read_text(supply.path() / "status")) == "Discharging")
      source = "battery";
  }
  return source;
}

std::string unquoted(std::string text) {
  std::erase(text, '"');
  return text;
}

}  // namespace

void fill_from_system(Environment& environment, const std::filesystem::path& root) {
  environment.os =
      unquoted(value_after(core::read_text(root / "etc/os-release"), "PRETTY_NAME=").value_or(""));
  fill_processor(environment, core::read_text(root / "proc/cpuinfo"));
  const auto total = value_after(core::read_text(root / "proc/meminfo"), "MemTotal:");
  if (total) environment.memory_bytes = std::stoull(*total) * 1024;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) environment.allowed_cores = CPU_COUNT(&allowed);
  environment.power_source = power_source(root);
  environment.cpu_governor =
      core::trimmed(core::read_text(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
}

}  // namespace da3::bench
