// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <string>

#include <sys/resource.h>

#include <da3/error.hpp>

#include <core/host/cgroup.hpp>
#include <core/host/host_memory.hpp>
#include <core/read_file.hpp>

#ifdef __APPLE__
#include <mach/mach.h>
#include <sys/sysctl.h>
#endif

namespace da3::core {

bool address_space_is_limited() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

#ifdef __APPLE__

MemoryState host_memory(const std::filesystem::path&) {
  std::uint64_t total = 0;
  std::size_t length = sizeof(total);
  vm_statistics64_data_t pages{};
  mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
  const mach_port_t host = mach_host_self();
  const bool known = sysctlbyname("hw.memsize", &total, &length, nullptr, 0) == 0 &&
                     host_statistics64(host, HOST_VM_INFO64, reinterpret_cast<host_info64_t>(&pages),
                                       &count) == KERN_SUCCESS;
  mach_port_deallocate(mach_task_self(), host);
  if (!known)
    throw Error(ErrorCode::kDeviceUnavailable, "host memory: the system does not tell how much is free");
  const std::uint64_t free_pages = std::uint64_t{pages.free_count} + pages.inactive_count +
                                   pages.purgeable_count + pages.speculative_count;
  return {std::min(total, free_pages * vm_kernel_page_size), total};
}

#else

namespace {

void narrow(MemoryState& state, std::uint64_t limit, std::uint64_t used) {
  state.total_bytes = std::min(state.total_bytes, limit);
  state.free_bytes = std::min(state.free_bytes, limit > used ? limit - used : 0);
}

void narrow_to_address_space(MemoryState& state, const std::filesystem::path& root) {
  // "Max address space  <soft>  <hard>  bytes".
  const std::optional<std::uint64_t> limit =
      find_number(read_text(root / "proc/self/limits"), "Max address space");
  const std::optional<std::uint64_t> size =
      find_number(read_text(root / "proc/self/status"), "VmSize:");  // KiB
  if (limit && size) narrow(state, *limit, *size * 1024);
}

}  // namespace

MemoryState host_memory(const std::filesystem::path& root) {
  const std::string meminfo = read_text(root / "proc/meminfo");
  const std::optional<std::uint64_t> total_kib = find_number(meminfo, "MemTotal:");
  const std::optional<std::uint64_t> free_kib = find_number(meminfo, "MemAvailable:");
  if (!total_kib || !free_kib) {
    throw Error(ErrorCode::kDeviceUnavailable, "host memory: expected MemTotal and MemAvailable in " +
                                                   (root / "proc/meminfo").string() +
                                                   ", found neither; is /proc mounted?");
  }
  MemoryState state{*free_kib * 1024, *total_kib * 1024};
  for (const GroupMemory& group : group_memories(root)) narrow(state, group.limit_bytes, group.used_bytes);
  narrow_to_address_space(state, root);
  return state;
}

#endif

}  // namespace da3::core
