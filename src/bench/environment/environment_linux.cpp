// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <set>
#include <sstream>
#include <utility>

#include <sched.h>

#include <bench/environment/environment_system.hpp>
#include <bench/environment/system_files.hpp>

namespace da3::bench {
namespace {

// Instruction sets by which kernels are chosen, x86 and Arm names of /proc/cpuinfo.
constexpr std::array<std::string_view, 18> kFeatures{
    "sse4_2",   "avx",      "fma",      "f16c",        "avx2",        "avx_vnni",
    "avx512f",  "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16", "amx_tile",
    "amx_bf16", "amx_int8", "asimd",    "asimddp",     "bf16",        "sve"};

void fill_processor(Environment& environment, const std::string& cpuinfo) {
  environment.cpu_model = value_after(cpuinfo, "model name").value_or("");
  const std::string flags =
      value_after(cpuinfo, "flags").value_or(value_after(cpuinfo, "Features").value_or(""));
  const std::vector<std::string> present = split_words(flags);
  for (const std::string_view feature : kFeatures) {
    if (std::find(present.begin(), present.end(), feature) != present.end()) {
      environment.cpu_features.emplace_back(feature);
    }
  }
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

void fill_limits(Environment& environment, const std::filesystem::path& root) {
  if (const auto folder = cgroup_folder(root, "cpu")) {
    const std::vector<std::string> limit = split_words(read_text(*folder / "cpu.max").value_or(""));
    if (limit.size() == 2 && limit[0] != "max") {
      environment.cgroup_cpu_limit = std::stod(limit[0]) / std::stod(limit[1]);
    }
    const auto quota = read_number(*folder / "cpu.cfs_quota_us");
    const auto period = read_number(*folder / "cpu.cfs_period_us");
    if (quota && period && *period > 0) {
      environment.cgroup_cpu_limit = static_cast<double>(*quota) / static_cast<double>(*period);
    }
  }
  if (const auto folder = cgroup_folder(root, "memory")) {
    auto limit = read_number(*folder / "memory.max");
    if (!limit) limit = read_number(*folder / "memory.limit_in_bytes");
    // Version 1 says "no limit" with a number near 2^63.
    if (limit && *limit < (std::uint64_t{1} << 62U)) environment.cgroup_memory_limit_bytes = limit;
  }
}

std::string power_source(const std::filesystem::path& root) {
  std::error_code error;
  std::string source;
  for (const auto& supply : std::filesystem::directory_iterator(root / "sys/class/power_supply", error)) {
    const std::string type = read_text(supply.path() / "type").value_or("");
    if (type == "Mains" && read_number(supply.path() / "online").value_or(0) == 1) return "mains";
    if (type == "Battery" && read_text(supply.path() / "status").value_or("") == "Discharging")
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
      unquoted(value_after(read_text(root / "etc/os-release").value_or(""), "PRETTY_NAME=").value_or(""));
  fill_processor(environment, read_text(root / "proc/cpuinfo").value_or(""));
  const auto total = value_after(read_text(root / "proc/meminfo").value_or(""), "MemTotal:");
  if (total) environment.memory_bytes = std::stoull(*total) * 1024;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) environment.allowed_cores = CPU_COUNT(&allowed);
  fill_limits(environment, root);
  environment.power_source = power_source(root);
  environment.cpu_governor =
      read_text(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").value_or("");
}

}  // namespace da3::bench
