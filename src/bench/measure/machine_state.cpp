// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <sys/resource.h>
#include <unistd.h>

#include <bench/environment/system_files.hpp>
#include <bench/measure/machine_state.hpp>
#include <core/host/cgroup.hpp>
#include <core/read_file.hpp>

namespace da3::bench {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

std::optional<double> own_core_seconds() {
  double total = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    if (getrusage(who, &usage) != 0) return std::nullopt;
    total += seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  return total;
}

// "cpu  user nice system idle iowait irq softirq steal guest guest_nice", in clock ticks; guests are part of
// user.
std::optional<double> busy_core_seconds(const std::filesystem::path& root) {
  const auto line = value_after(core::read_text(root / "proc/stat"), "cpu ");
  if (!line) return std::nullopt;
  const std::vector<std::string> words = split_words(*line);
  if (words.size() < 8) return std::nullopt;
  double ticks = 0;
  for (const std::size_t i : {0U, 1U, 2U, 5U, 6U, 7U}) ticks += std::stod(words[i]);
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::optional<std::uint64_t> swapped_pages(const std::filesystem::path& root) {
  const std::string text = core::read_text(root / "proc/vmstat");
  const auto in = value_after(text, "pswpin");
  const auto out = value_after(text, "pswpout");
  if (!in || !out) return std::nullopt;
  return std::stoull(*in) + std::stoull(*out);
}

std::optional<std::uint64_t> throttle_events(const std::filesystem::path& root) {
  std::optional<std::uint64_t> total;
  std::error_code error;
  for (const auto& core : std::filesystem::directory_iterator(root / "sys/devices/system/cpu", error)) {
    const auto events = core::read_number(core.path() / "thermal_throttle/core_throttle_count");
    if (events) total = total.value_or(0) + *events;
  }
  return total;
}

}  // namespace

MachineState read_machine_state(const std::filesystem::path& root) {
  MachineState state;
  state.busy_core_seconds = busy_core_seconds(root);
  state.own_core_seconds = own_core_seconds();
  const std::vector<std::string> uptime = split_words(core::read_text(root / "proc/uptime"));
  if (!uptime.empty()) state.uptime_seconds = std::stod(uptime.front());
  state.swapped_pages = swapped_pages(root);
  state.throttle_events = throttle_events(root);
  state.quota_wait_seconds = core::group_wait_s(root);
  return state;
}

}  // namespace da3::bench
