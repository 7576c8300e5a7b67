// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <sstream>

#include <core/host/cgroup.hpp>
#include <core/read_file.hpp>

namespace da3::core {
namespace {

struct Mount {
  std::string root;   ///< Which part of the hierarchy is mounted
  std::string point;  ///< Where
};

bool has_word(const std::string& list, std::string_view word) {
  std::istringstream words(list);
  for (std::string each; std::getline(words, each, ',');) {
    if (each == word) return true;
  }
  return false;
}

/// The mount of a hierarchy; /proc/self/mountinfo is described in proc(5).
std::optional<Mount> find_mount(const std::string& mountinfo, bool v2, std::string_view controller) {
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream before(line.substr(0, dash));
    std::istringstream after(line.substr(dash + 3));
    std::string id, parent, device, type, source, options;
    Mount mount;
    before >> id >> parent >> device >> mount.root >> mount.point;
    after >> type >> source >> options;
    if (v2 ? type == "cgroup2" : type == "cgroup" && has_word(options, controller)) return mount;
  }
  return std::nullopt;
}

/// The path of this process in the hierarchy; lines of /proc/self/cgroup are "id:controllers:path".
std::optional<std::string> find_membership(const std::string& cgroup, bool v2, std::string_view controller) {
  std::istringstream lines(cgroup);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (v2 ? controllers.empty() : has_word(controllers, controller)) return line.substr(second + 1);
  }
  return std::nullopt;
}

/// `membership` below the mount. In a container the mount shows the container's own group as its root, or the
/// path is that of another name space; then the mount itself is the best there is.
std::vector<std::filesystem::path> folders_of(const Mount& mount, const std::string& membership,
                                              const std::filesystem::path& root) {
  std::string inner = membership;
  if (mount.root != "/") {
    const bool below = membership.starts_with(mount.root);
    inner = below ? membership.substr(mount.root.size()) : "/";
  }
  const std::filesystem::path top = root / std::filesystem::path(mount.point).relative_path();
  std::filesystem::path folder = (top / std::filesystem::path(inner).relative_path()).lexically_normal();
  std::vector<std::filesystem::path> folders;
  std::error_code ignored;
  while (folder != top && folder.has_relative_path() && folder != folder.parent_path()) {
    if (!folder.has_filename()) {
      folder = folder.parent_path();
      continue;
    }
    if (std::filesystem::exists(folder, ignored)) folders.push_back(folder);
    folder = folder.parent_path();
  }
  folders.push_back(top);
  return folders;
}

}  // namespace

std::optional<std::uint64_t> read_number(const std::filesystem::path& file) {
  const std::string text = read_text(file);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

std::string trimmed(std::string text) {
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  return text;
}

std::optional<std::uint64_t> find_number(std::string_view text, std::string_view key) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    if (line.empty() || (line.front() != ' ' && line.front() != '\t')) continue;
    const std::size_t digits = line.find_first_not_of(" \t");
    if (digits == std::string_view::npos) return std::nullopt;
    std::uint64_t value = 0;
    const auto [stop, error] = std::from_chars(line.data() + digits, line.data() + line.size(), value);
    if (error != std::errc() || stop == line.data() + digits) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

ControlGroup find_control_group(std::string_view controller, const std::filesystem::path& root) {
  const std::string cgroup = read_text(root / "proc/self/cgroup");
  const std::string mountinfo = read_text(root / "proc/self/mountinfo");
  // A controller belongs to one hierarchy only; where version 1 has it, version 2 does not.
  for (const bool v2 : {false, true}) {
    const std::optional<std::string> membership = find_membership(cgroup, v2, controller);
    const std::optional<Mount> mount = find_mount(mountinfo, v2, controller);
    if (membership && mount) return {v2, folders_of(*mount, *membership, root)};
  }
  return {};
}

std::vector<GroupMemory> group_memories(const std::filesystem::path& root) {
  // Version 1 writes "no limit" as the largest multiple of the page size.
  constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 60;
  std::vector<GroupMemory> found;
  const ControlGroup group = find_control_group("memory", root);
  for (const std::filesystem::path& folder : group.folders) {
    const std::optional<std::uint64_t> current =
        read_number(folder / (group.v2 ? "memory.current" : "memory.usage_in_bytes"));
    if (!current) continue;  // The root group of version 2 has no such file
    std::uint64_t limit =
        read_number(folder / (group.v2 ? "memory.max" : "memory.limit_in_bytes")).value_or(kNoLimit);
    // Above memory.high the kernel slows a group down instead of ending it; as bad for a run of hours.
    if (group.v2) limit = std::min(limit, read_number(folder / "memory.high").value_or(kNoLimit));
    if (limit >= kNoLimit) continue;
    const std::uint64_t droppable =
        find_number(read_text(folder / "memory.stat"), group.v2 ? "inactive_file" : "total_inactive_file")
            .value_or(0);
    found.push_back({limit, *current - std::min(*current, droppable)});
  }
  return found;
}

std::optional<double> group_cores(const std::filesystem::path& root) {
  std::optional<double> least;
  const ControlGroup group = find_control_group("cpu", root);
  for (const std::filesystem::path& folder : group.folders) {
    // Version 2: "max 100000" or "150000 100000"; version 1: a quota of -1 is none.
    long long quota = -1;
    long long period = 0;
    if (group.v2) {
      std::istringstream(read_text(folder / "cpu.max")) >> quota >> period;
    } else {
      std::istringstream(read_text(folder / "cpu.cfs_quota_us")) >> quota;
      std::istringstream(read_text(folder / "cpu.cfs_period_us")) >> period;
    }
    if (quota <= 0 || period <= 0) continue;
    const double cores = static_cast<double>(quota) / static_cast<double>(period);
    least = std::min(least.value_or(cores), cores);
  }
  return least;
}

std::optional<double> group_wait_s(const std::filesystem::path& root) {
  std::optional<double> total;
  const ControlGroup group = find_control_group("cpu", root);
  for (const std::filesystem::path& folder : group.folders) {
    const std::optional<std::uint64_t> waited =
        find_number(read_text(folder / "cpu.stat"), group.v2 ? "throttled_usec" : "throttled_time");
    const double unit_s = group.v2 ? 1e-6 : 1e-9;
    if (waited) total = total.value_or(0) + unit_s * static_cast<double>(*waited);
  }
  return total;
}

}  // namespace da3::core
